"""Every verb that is killed at each of its statements. To add one, add a line to VERBS.

`prepare` brings a fresh house to where the verb begins; `call` is the verb. Each gets a house of its own, with a clock
a day later; nothing else is shared, for they run in processes of their own: what a verb needs to know, it looks up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.advisories import services as advisories
from clearinghouse.bootstrap import wiring, worker
from clearinghouse.cases import services as cases
from clearinghouse.cases.models import Case, CaseState
from clearinghouse.core.roles import CaseRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.intake.models import Report
from clearinghouse.proofs.models import Proof
from tests.cases.factories import days
from tests.faults import accounts, coordination
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug, Simulator
from tests.registry.factories import organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.intake.factories import House

BUGS = {"alpha": Bug("gizmo.core:load"), "beta": Bug("gizmo.core:load", ranges=(("0", "1.6"),))}
ALPHA, ALPHA_TOO = Sketch("alpha", words="one"), Sketch("alpha", words="two", fixed="1.6")
ALPHA_THREE = Sketch("alpha", words="four")
BETA = Sketch("beta", words="three", fixed="1.6")
CASE = "CLH-2026-00001"


def nothing(_house: House) -> None:
    """Begin in an empty house."""


@dataclass(frozen=True)
class Verb:
    """A verb under test. `again`: called a second time it changes nothing. `steady`: its statements do not vary."""

    name: str
    call: Callable[[House], object]
    prepare: Callable[[House], object] = nothing
    again: bool = True
    steady: bool = True


def sent(*sketches: Sketch) -> Callable[[House], None]:
    def send(house: House) -> None:
        for i, sketch in enumerate(sketches):
            house.send(sketch, finder=f"Lab {i}")

    return send


def worked(*sketches: Sketch) -> Callable[[House], None]:
    def work(house: House) -> None:
        sent(*sketches)(house)
        house.work()

    return work


def before(step: str, *sketches: Sketch) -> Callable[[House], None]:
    """All but the last sketch is settled, and the last one's job stands before that step."""

    def prepare(house: House) -> None:
        if sketches[:-1]:
            worked(*sketches[:-1])(house)
        house.send(sketches[-1], finder="Lab Last")
        prove, _answer = wiring.jobs(house.prover, house.clock)
        for name, run in prove.steps.items():
            if name == step:
                return
            run(newest())

    return prepare


def step(name: str) -> Callable[[House], None]:
    def call(house: House) -> None:
        prove, _answer = wiring.jobs(house.prover, house.clock)
        prove.steps[name](newest())

    return call


def parted(house: House) -> None:
    """Two cases of one bug, for want of a release that can be had now; and a proof that brings both together."""
    house.prover.out_of_reach = frozenset({"1.6"})
    worked(ALPHA, ALPHA_TOO)(house)
    house.prover.out_of_reach = frozenset()
    assert Case.objects.count() == 2
    before("match", ALPHA_THREE)(house)


def brought_together(house: House) -> None:
    step("match")(house)
    assert Case.objects.filter(state=CaseState.MERGED).count() == 1


def newest() -> str:
    return str(Proof.objects.order_by("-id").values_list("bundle_id", flat=True)[0])


def answered_late(house: House) -> None:
    cases.answer_late(Report.objects.latest("id").public_id, at=house.clock())


def assessed(house: House) -> None:
    words = {"name": "mission", "value": "high", "because": "it is everywhere"}
    cases.assess(CASE, **words, actor=LOCAL, at=house.clock())


def published(house: House) -> None:
    folder = wiring.settings().published
    advisories.publish(CASE, actor=LOCAL, confirm=False, folder=folder, clock=house.clock)


def seated(house: House) -> None:
    """A proven case, and a vendor that has an account and takes no part yet."""
    worked(ALPHA)(house)
    organisation("Vendor One")


def invited(house: House) -> None:
    cases.invite(CASE, "vendor-one", (CaseRole.VENDOR,), actor=LOCAL, at=house.clock())


def proposed(house: House) -> None:
    worked(ALPHA)(house)
    cases.propose_embargo(CASE, days(30), actor=LOCAL, at=house.clock())


def held(house: House) -> None:
    """A case under an embargo of 30 days, to which a vendor is invited."""
    proposed(house)
    cases.decide_embargo(CASE, accept=True, actor=LOCAL, at=house.clock())
    organisation("Vendor One")
    invited(house)


def by_the_worker(house: House) -> None:
    """The durable queue and all, as `clearinghouse work` has it."""
    ended = worker.work(Simulator(BUGS), lanes=1, until_idle=True)
    assert ended.undone == ()


def recover(house: House) -> None:
    """What a restarted worker does: everything that the tables show to be undone, and the files that are missing."""
    house.work()
    cases.end_due(at=house.clock())
    advisories.write_missing(Path(wiring.settings().published))


VERBS = [
    Verb("submit a first report", sent(ALPHA)),
    Verb("submit a known proof", lambda house: house.send(ALPHA, finder="Lab Two"), sent(ALPHA)),
    Verb("submit after the proof was settled", lambda house: house.send(ALPHA, finder="Lab Two"), worked(ALPHA)),
    Verb("submit prose", lambda house: house.send(b"# Gizmo is weak\n", name="words.md")),
    Verb("prove", step("run"), before("run", ALPHA)),
    Verb("match, a first case", step("match"), before("match", ALPHA)),
    Verb("match, one more of a case", step("match"), before("match", ALPHA, ALPHA_TOO)),
    Verb("match, a case of its own beside another", step("match"), before("match", ALPHA, BETA)),
    Verb("match, two cases become one", brought_together, parted),
    Verb("settle", step("settle"), before("settle", ALPHA)),
    Verb("answer late", answered_late, lambda house: (worked(ALPHA)(house), house.send(ALPHA, finder="Lab Two"))),
    Verb("assess", assessed, worked(ALPHA), again=False),
    Verb("publish", published, worked(ALPHA, ALPHA_TOO)),
    *[Verb(name, call, accounts.peopled, again=False) for name, call in accounts.CALLS.items()],
    Verb("invite", invited, seated, again=False),
    Verb(
        "propose an embargo",
        lambda house: cases.propose_embargo(CASE, days(30), actor=LOCAL, at=house.clock()),
        worked(ALPHA),
        again=False,
    ),
    Verb(
        "decide an embargo",
        lambda house: cases.decide_embargo(CASE, accept=True, actor=LOCAL, at=house.clock()),
        proposed,
        again=False,
    ),
    Verb(
        "end an embargo",
        lambda house: cases.end_embargo(CASE, because="it leaked", actor=LOCAL, at=house.clock()),
        held,
        again=False,
    ),
    Verb("end what is due", lambda house: cases.end_due(at=house.clock() + timedelta(days=60)), held),
    Verb(
        "post a message",
        lambda house: cases.post_message(CASE, "When do you ship?", actor=LOCAL, at=house.clock()),
        held,
        again=False,
    ),
    *[Verb(name, call, prepare, again=again) for name, call, prepare, again in coordination.CALLS],
    Verb("work", by_the_worker, sent(ALPHA, ALPHA_TOO, BETA), steady=False),
]
