"""The words of a smallest fix: what was tried, what is left, and how it was verified. Schema `clearinghouse.fix/1`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from clearinghouse.core.proof import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.manifest import Target
    from clearinghouse.core.proof import MatrixRow, Verdict

SCHEMA = "clearinghouse.fix/1"


class FixStatus(StrEnum):
    """How far an isolation came."""

    ISOLATED = "isolated"  # verified, and dropping any kept hunk fails
    NOT_MINIMAL = "not_minimal"  # verified, but the search was stopped before it was done
    NOT_ISOLATED = "not_isolated"  # there is no fix; `reason` says why


@dataclass(frozen=True, slots=True)
class TriedCandidate:
    """One candidate in order of trial. `hunks` are numbers of the difference's hunks as "1-4,9", "9.2" a part of one.

    `step` is "files", "hunks", "paragraphs" or "verify"; `outcome` "silent", "fires", "error", "control", "tests" or
    "no_build"; `runs` are sandboxed runs, of the proof and of its control.
    """

    step: str
    hunks: str
    outcome: str
    reason: str
    runs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class KeptHunk:
    """A hunk of the fix: its number, where it stands in the vulnerable release, how many lines, which functions.

    `whole` is False where only some paragraphs of the hunk were kept.
    """

    number: int
    path: str
    line: int  # of the vulnerable file, from 1
    removed: int
    added: int
    whole: bool
    functions: tuple[str, ...]
    without: str = ""  # the outcome when this hunk alone is dropped, verified afresh


@dataclass(frozen=True, slots=True)
class Verification:
    """The fix judged like a fixed release, with the full statistics."""

    verdict: Verdict
    reasons: tuple[str, ...]
    matrix: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class SmallestFix:
    """One isolation with everything that led to it; `patch` is b"" where there is no fix.

    `files` and `hunks` count the difference of the releases without noise; `noise` the hunks that only say a version,
    `binary` the changed files that are no text: both stay as they are in the vulnerable release.
    """

    bundle: str
    target: Target
    status: FixStatus
    reason: str = ""
    files: int = 0
    hunks: int = 0
    noise: int = 0
    binary: tuple[str, ...] = ()
    kept: tuple[KeptHunk, ...] = ()
    patch: bytes = b""
    patch_sha256: str = ""
    verification: Verification | None = None
    candidates: tuple[TriedCandidate, ...] = ()
    runs: int = 0
    seconds: float = 0.0
    environment: Environment = field(default_factory=Environment)

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that the fix touches, each once."""
        return tuple(dict.fromkeys(name for hunk in self.kept for name in hunk.functions))

    @property
    def share(self) -> float | None:
        """Kept hunks as a part of the difference's; None without a fix."""
        return len(self.kept) / self.hunks if self.kept else None

    def as_json(self) -> dict[str, Any]:
        """The run record as plain JSON values, without the patch itself."""
        document = asdict(self)
        del document["patch"], document["target"]
        return {
            "schema": SCHEMA,
            "bundle": document.pop("bundle"),
            "package": self.target.package,
            "vulnerable": self.target.vulnerable,
            "fixed": self.target.fixed,
            **document,
            "functions": self.functions,
            "share": self.share,
            "minimal": self.status is FixStatus.ISOLATED,
        }


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in short: "1-4,9"."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{low}-{high}" if high > low else f"{low}" for low, high in runs)
