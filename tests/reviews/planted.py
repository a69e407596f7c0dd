"""A case under embargo whose every text holds a word of its own, a review with a holdout task of it, and its run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clearinghouse.adapters.clock import now
from clearinghouse.cases import services as cases
from clearinghouse.cases.models import Case
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.review.use import ReviewUse
from clearinghouse.core.visibility import LOCAL
from clearinghouse.evaluation.engine.orders import Credentials
from clearinghouse.evaluation.engine.run import Run, Terms
from clearinghouse.evaluation.store import Agent, Budget, Evaluation, Folder, Kind
from clearinghouse.evaluation.suites.build import Wish, build_suite
from clearinghouse.evaluation.suites.load import Suite, load_suite
from clearinghouse.intake.services import submit
from clearinghouse.prover.bundle import pack
from tests.evaluation.endpoint import SUBMIT, Endpoint, shell
from tests.evaluation.worlds import MANIFEST
from tests.intake.factories import House, Ticking
from tests.proofs.simulator import Bug, Simulator
from tests.prover.targets import HandMade
from tests.registry.factories import organisation
from tests.reviews.factories import DAY
from tests.reviews.holdouts import Cases

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.manifest import Target
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.local import LocalProver

MODEL = "openai-api/lab/new-model"
# One word for each text of the case and its bundle, in small letters: pages may fold and cut texts.
WORDS = {
    "title": "zqtitle",
    "summary": "zqsummary",
    "file": "zqfile",
    "path": "zqpath",
    "input": "zqinput",
    "function": "zqfunction",
    "finder": "zqfinder",
    "vendor": "zqvendor",
    "alias": "cve-2026-77002",
    "package": "zqpackage",
    "message": "zqmessage",
    "reason": "zqreason",
}
HELD = (
    MANIFEST.replace("load() runs code", f"{WORDS['title']} runs code")
    .replace('aliases = ["CVE-2020-12345"]', f'summary = "{WORDS["summary"]} says how"\naliases = ["CVE-2026-77002"]')
    .replace("pkg:pypi/fake", f"pkg:pypi/{WORDS['package']}")
    .replace("'{{canary.exec}}'", f"'{{{{canary.exec}}}} {WORDS['input']}'")
)


class Renamed(HandMade):
    """The same releases, whatever the package is called."""

    __slots__ = ()

    def install(self, target: Target, version: str) -> Installed:
        return super().install(replace(target, name="fake"), version)


def house() -> tuple[Cases, Case]:
    """The house with the one case, under an embargo, let be used for all models."""
    bug = Bug(f"fake.load:{WORDS['function']}", ranges=(("0", "1.0.2"),))
    made = Cases(House(Simulator({"os": bug}), Ticking(now() - DAY)))
    organisation(f"Vendor {WORDS['vendor']}")
    bundle = pack({"proof.toml": HELD.encode(), f"files/{WORDS['path']}.txt": WORDS["file"].encode()})
    submit(bundle, finder=f"Lab {WORDS['finder']}", name="b", clock=made.house.clock, queue=made.house.queue)
    made.house.work()
    case = Case.objects.get()
    made.hold(case, vendor=f"vendor-{WORDS['vendor']}")
    cases.answer_review_use(
        case.public_id, ReviewUse.ENDPOINT, actor=LOCAL, at=now(), because=f"{WORDS['reason']} for it"
    )
    cases.post_message(case.public_id, f"{WORDS['message']} to all", actor=LOCAL, at=now())
    return made, case


def public_suite(folder: Path, prover: LocalProver) -> Suite:
    """A public suite with one task, of another bundle."""
    place = folder / "public-bundle"
    place.mkdir()
    (place / "proof.toml").write_text(MANIFEST.replace("load() runs code", "a public weakness"))
    wish = Wish(name="open", families=(Family.REPRODUCE,), fix_seconds=0)
    build_suite([place], folder / "open", wish, prover)
    return load_suite(folder / "open", prover=lambda: prover)


def run(folder: Path, suite: Suite, plan: str | None, said: list[str], state: Path) -> list[dict[str, Any]]:
    """The oracle and the submitter's model try every task; what the model's endpoint was asked."""

    def script(messages: list[dict[str, Any]]) -> Any:
        turn = sum(message["role"] == "assistant" for message in messages)
        return [shell("cat task.json; cat *.toml > answer.toml"), SUBMIT][min(turn, 1)]

    agents = (Agent(name="baseline/oracle", kind=Kind.BASELINE), Agent(name=MODEL, kind=Kind.MODEL))
    evaluation = Evaluation(
        suite=suite.name, suite_version=suite.version, suite_digest=suite.digest, agents=agents, epochs=1,
        budget=Budget(seconds=60.0), tasks=tuple(task.info for task in suite.tasks), plan=plan,
    )  # fmt: skip
    with Endpoint(script) as endpoint:
        terms = Terms(state=state, credentials=Credentials(endpoint.url, "sk-planted"))
        made = Folder.create(folder, evaluation)
        Run(made, {task.info.id: task for task in suite.tasks}, terms, lambda one: said.append(str(one))).carry_out()
        return endpoint.asked
