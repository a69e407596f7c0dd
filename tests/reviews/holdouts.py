"""A review beside a house of cases: newly public, under embargo with a fix and without one."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from clearinghouse.cases import queries as case_queries
from clearinghouse.cases import services as cases
from clearinghouse.cases.models import Case, CaseState
from clearinghouse.cases.services.publication import let_out
from clearinghouse.core.protocol.embargo_terms import Anchor, Terms
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.review.use import ReviewUse
from clearinghouse.core.roles import CaseRole, Tlp
from clearinghouse.core.visibility import LOCAL
from clearinghouse.reviews import services
from clearinghouse.reviews.models import Review
from clearinghouse.reviews.services import Made, Picked
from tests.intake.factories import House, Ticking
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug, Simulator
from tests.registry.factories import organisation
from tests.reviews.factories import DAY, NOW, Table, table

VENDOR = "vendor-one"
FRESH, FIXED, UNFIXED = "pkg:pypi/fresh", "pkg:pypi/fixed", "pkg:pypi/unfixed"


@dataclass
class Cases:
    """The house, and its cases by package."""

    house: House = field(
        default_factory=lambda: House(Simulator({"alpha": Bug("gizmo.core:load")}), Ticking(NOW - 10 * DAY))
    )

    def of(self, package: str) -> Case:
        return Case.objects.get(package=package)

    def hold(self, case: Case, use: ReviewUse | None = ReviewUse.ENDPOINT, vendor: str = VENDOR) -> None:
        """Under an embargo that the vendor signed; it and the house let it be used."""
        name, at = case.public_id, self.house.clock
        cases.propose_embargo(name, Terms(Anchor.REPORT, 90 * DAY), actor=LOCAL, at=at())
        cases.decide_embargo(name, accept=True, actor=LOCAL, at=at())
        cases.invite(name, vendor, [CaseRole.VENDOR], actor=LOCAL, at=at())
        cases.answer_invitation(name, yes=True, actor=LOCAL, at=at(), party=vendor)
        if use is not None:
            for party in (None, vendor):
                cases.answer_review_use(name, use, actor=LOCAL, at=at(), party=party)

    def publish(self, case: Case) -> None:
        """As the publication leaves it."""
        case.state, case.tlp, case.published_at = CaseState.PUBLISHED, Tlp.CLEAR, self.house.clock()
        case.save()
        detail = case_queries.case(case.public_id, actor=LOCAL)
        assert detail is not None
        let_out(case, detail, at=case.published_at)


def three() -> Cases:
    """One case of each preference."""
    made = Cases()
    organisation("Vendor One")
    for package, fixed in ((FRESH, "1.5"), (FIXED, "1.5"), (UNFIXED, None)):
        made.house.send(Sketch("alpha", package=package, fixed=fixed), finder="Lab One")
    made.house.work()
    made.publish(made.of(FRESH))
    made.hold(made.of(FIXED))
    made.hold(made.of(UNFIXED))
    return made


def submitted(of: Table | None = None) -> Table:
    """A review that was handed in, with a dated cut-off."""
    made = (of or table()).submitted()
    Review.objects.filter(key=made.key).update(card={**made.review.card, "knowledge_cutoff": "until 2026-01"})
    return made


def picked(made: Table) -> tuple[Picked, ...]:
    return services.pick_holdout(made.key, actor=made.people["ada"], at=made.at)[0]


def kept(made: Table, chosen: tuple[Picked, ...] | None = None) -> str:
    """A suite with a task of each case that was taken; its digest."""
    found = picked(made) if chosen is None else chosen
    tasks = [
        Made(
            name=f"holdout-{number}",
            digest=sha256(f"{made.key} {one.bundle}".encode()).hexdigest(),
            family=Family.FIND,
            bundle=one.bundle,
        )
        for number, one in enumerate(found, start=1)
    ]
    digest = sha256(f"suite of {made.key}".encode()).hexdigest()
    services.keep_holdout(made.key, digest, picked=found, tasks=tasks, actor=made.people["ada"], at=made.at)
    return digest


def opened(made: Table) -> Table:
    """Accepted, and its window open."""
    from tests.reviews.factories import BUDGET, HEX  # noqa: PLC0415

    ada, ben = made.people["ada"], made.people["ben"]
    services.set_plan(made.key, HEX, actor=ada, at=made.at)
    services.accept(made.key, actor=ada, at=made.at, opens=made.at, budget=BUDGET, access_tested=True)
    services.accept(made.key, actor=ben, at=made.at)
    made.strike()
    return made


def start(made: Table, digest: str) -> str:
    return services.start(made.key, "review", digest, actor=made.people["eve"], at=made.at)
