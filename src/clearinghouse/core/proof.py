"""The words of a proof: what was run, what was seen, and what follows from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from clearinghouse.core import typed_json

# How runs are put into the words of MatrixRow.signature and ProofResult.function; another wording has another number.
SIGNATURE = "signature/1"


class Verdict(StrEnum):
    """What the prover says of a bundle. Only the first three support a claim."""

    PROVEN = "proven"  # fires on vulnerable, silent on fixed and control
    REPRODUCED = "reproduced"  # fires on vulnerable, silent on control; no fix known
    DIFFERS = "differs"  # grade C: a script says different things on vulnerable and fixed
    FLAKY = "flaky"  # fires sometimes, below the confidence asked
    NOT_REPRODUCED = "not_reproduced"
    WRONG_SIGNAL = "wrong_signal"  # fires, but not in the claimed class or target
    CONTROL_FAILED = "control_failed"  # the benign control fires too, or breaks
    FIX_INEFFECTIVE = "fix_ineffective"  # the fixed side still fires
    FIX_BREAKS = "fix_breaks"  # the fixed side breaks control or tests
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"  # never counts against a finder
    BUILD_FAILED = "build_failed"
    INFRA_ERROR = "infra_error"  # never counts against a finder
    NEEDS_HUMAN = "needs_human"

    @property
    def supports_the_claim(self) -> bool:
        """Whether the verdict lets a finding count as shown."""
        return self in {Verdict.PROVEN, Verdict.REPRODUCED, Verdict.DIFFERS}


class Grade(StrEnum):
    """Whose word a proof is."""

    A = "A"  # our harness called the target with the finder's input; no code of the finder's ran
    B = "B"  # the finder's script, under an instrumented oracle and seven controls
    C = "C"  # the finder's script, judged by what it prints
    D = "D"  # text only: never proven


class OracleName(StrEnum):
    """The oracles this prover has; each decides outside the process under test."""

    PREDICATE = "predicate"
    CPU = "cpu"
    SIGNAL = "signal"
    RECURSION = "recursion"
    WRITE = "write"
    READ = "read"
    EXEC = "exec"
    CONNECT = "connect"
    MEMORY = "memory"
    EXCEPTION = "exception"
    SANITIZER = "sanitizer"
    POLLUTION = "pollution"  # of JavaScript's prototypes


class Variant(StrEnum):
    """Which build of the target a run saw."""

    VULNERABLE = "vulnerable"
    FIXED = "fixed"
    NULL_TARGET = "null_target"  # an inert stub under the same name and version
    V_NAMED_F = "v_named_f"  # vulnerable code that calls itself the fixed version
    F_NAMED_V = "f_named_v"  # fixed code that calls itself the vulnerable version
    V_RESPELT = "v_respelt"  # vulnerable code, every source with comments added, every line moved
    OTHER = "other"  # another release, named in the row's `version`
    PATCHED = "patched"  # the vulnerable release with a patch


class Input(StrEnum):
    """What a run was given."""

    TRIGGER = "trigger"
    CONTROL = "control"
    MUTATED = "mutated"  # the trigger with small changes, each run another
    TESTS = "tests"  # the bundle's tests: silent where they pass, broken where they do not


class Signal(StrEnum):
    """What one run, or all runs of a row, came to."""

    FIRED = "fired"
    SILENT = "silent"  # finished, with the harness's report where there is one, and the oracle did not fire
    BROKEN = "broken"  # ended in an error of its own or without a report: never counted as silent


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """All runs of one input on one variant: `k` of `n` fired, `broken` of them said nothing usable.

    `signature` is what fired (or the error of broken runs), in words that are equal when the effect is equal. CPU and
    wall in milliseconds (medians), memory in KiB (maximum; None where the host cannot tell). `logs` holds the SHA-256
    of the captured output of each run, in order.
    """

    variant: Variant
    input: Input
    version: str
    n: int
    k: int
    broken: int = 0
    signature: str = ""
    cpu_ms: int = 0
    wall_ms: int = 0
    memory_kib: int | None = None
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a verdict was reached: everything that another prover needs to reach it again."""

    prover: str = ""  # version of this prover
    oracle: str = ""  # name and version of the oracle, as "cpu/1"
    runtime: str = ""  # e.g. "CPython 3.11.7"
    platform: str = ""  # e.g. "linux-x86_64"
    isolation: str = ""  # "g2" all layers, "g1" some missing; the missing ones follow in brackets
    limits: dict[str, float] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)  # version -> SHA-256 of everything resolved for it
    signature: str = SIGNATURE


@dataclass(frozen=True, slots=True)
class ProofResult:
    """One bundle's verdict with everything that led to it. `id` is None when no bundle could be read.

    `function` is the target function that the effect was attributed to, as "module:qualname" with the receiver's class
    in brackets where it differs ("pkg.lexer:Lexer.run[XmlLexer]"), and after " at " the source of the line where a
    check that the fixed release added raises; None where nothing could be attributed.
    `logs` maps the digests in the matrix to the captured output (head and tail), for people; not part of the JSON form.
    """

    id: str | None
    verdict: Verdict
    grade: Grade | None = None
    confirm: tuple[str, ...] = ()  # what a person must confirm before anything leaves the house
    reasons: tuple[str, ...] = ()
    matrix: tuple[MatrixRow, ...] = ()
    function: str | None = None
    environment: Environment = field(default_factory=Environment)
    logs: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The result as plain JSON values, without the logs themselves."""
        document = asdict(self)
        del document["logs"]
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any], *, logs: dict[str, str] | None = None) -> ProofResult:
        """The inverse of `as_json`; raises ValueError, with the place, on anything unknown, missing or mistyped."""
        result = typed_json.read(cls, document, without=frozenset({"logs"}))
        return replace(result, logs=logs or {})


@dataclass(frozen=True, slots=True)
class Trial:
    """A proof's trigger on some other release: `k` of `n` runs fired.

    `signal` is FIRED if any did, SILENT if enough runs finished without, else BROKEN; `function` as in ProofResult.
    """

    version: str
    signal: Signal
    n: int
    k: int
    reason: str = ""
    function: str | None = None
