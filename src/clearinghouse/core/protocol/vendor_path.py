"""The fix path of vendors: aware, fix ready, fix deployed, for each release line they support; and its roll-up.

Deployment is a diffusion: operators declare it, and a case counts as deployed once enough of them have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.machine import machine

if TYPE_CHECKING:
    from collections.abc import Iterable

ENOUGH_DEPLOYED = Fraction(80, 100)  # of what operators declared


class VendorPath(StrEnum):
    """How far a vendor is with one release line; capitals are what holds."""

    UNAWARE = "vfd"
    AWARE = "Vfd"
    READY = "VFd"
    DEPLOYED = "VFD"

    @property
    def fixed(self) -> bool:
        """Whether a fix is ready."""
        return self in {VendorPath.READY, VendorPath.DEPLOYED}


class VendorStep(StrEnum):
    """What a vendor reports of one release line."""

    LEARN = "learn"
    FIX = "fix"
    DEPLOY = "deploy"


VENDOR_PATH = machine(
    "the vendor's line",
    VendorPath.UNAWARE,
    (
        (VendorPath.UNAWARE, VendorStep.LEARN, VendorPath.AWARE),
        (VendorPath.AWARE, VendorStep.FIX, VendorPath.READY),
        (VendorPath.READY, VendorStep.DEPLOY, VendorPath.DEPLOYED),
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One supported release line of one vendor ("" where it has but one), and how far its fix is."""

    vendor: str
    line: str = ""
    path: VendorPath = VendorPath.UNAWARE


@dataclass(frozen=True, slots=True)
class Deployment:
    """What one operator declares: whether the fix runs there, weighed by how much it runs."""

    operator: str
    deployed: bool
    weight: int = 1

    def __post_init__(self) -> None:
        if self.weight < 1:
            raise InvalidInput(f"{self.operator}: weight {self.weight}", advice="declare one installation or more")


def deployed_share(declared: Iterable[Deployment]) -> Fraction | None:
    """The declared share that runs the fix, 0 to 1; None while nobody declared anything. The last word counts."""
    latest = {deployment.operator: deployment for deployment in declared}
    whole = sum(deployment.weight for deployment in latest.values())
    fixed = sum(deployment.weight for deployment in latest.values() if deployment.deployed)
    return Fraction(fixed, whole) if whole else None


def rolled_up(lines: Iterable[Line], share: Fraction | None = None) -> tuple[Fact, ...]:
    """What the lines make true of the whole case, in order.

    Aware with the first vendor that knows; fix ready once every line has one; deployed once every line is, or the
    declared share is enough. A vendor who comes later takes none of it back: it is then trailing.
    """
    paths = [line.path for line in lines]
    aware = any(path is not VendorPath.UNAWARE for path in paths)
    ready = bool(paths) and all(path.fixed for path in paths)
    deployed = ready and (
        all(path is VendorPath.DEPLOYED for path in paths) if share is None else share >= ENOUGH_DEPLOYED
    )
    held = ((Fact.VENDOR_AWARE, aware), (Fact.FIX_READY, ready), (Fact.DEPLOYED, deployed))
    return tuple(fact for fact, holds in held if holds)


def told_by_the_public(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines once the public knows: there is no vendor left who does not."""
    return tuple(replace(line, path=VendorPath.AWARE) if line.path is VendorPath.UNAWARE else line for line in lines)


def ready_vendors(lines: Iterable[Line]) -> frozenset[str]:
    """The vendors with a fix for every line they support."""
    lines = tuple(lines)
    return frozenset(line.vendor for line in lines) - trailing_vendors(lines)


def trailing_vendors(lines: Iterable[Line]) -> frozenset[str]:
    """The vendors that lack a fix for at least one line."""
    return frozenset(line.vendor for line in lines if not line.path.fixed)
