"""What a bundle's `proof.toml` says, as values: the claim, the target, how to run it, what must be seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.core.proof import OracleName

SCHEMA = "clearinghouse.proof/1"
MANIFEST_NAME = "proof.toml"


@dataclass(frozen=True, slots=True)
class Claim:
    """What the finder says; shown everywhere as a claim, decided nowhere by it."""

    title: str
    weakness: tuple[str, ...] = ()  # CWE ids
    aliases: tuple[str, ...] = ()
    severity: str | None = None  # CVSS v3.1 or v4.0 vector
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Companion:
    """Another package that must be there, at an exact version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Target:
    """What the claim is about.

    A package: `package` is a purl without version, `name` its normalised name, versions are releases. Or a repository:
    `ecosystem` is "git", `package` and `name` are the repository as the bundle names it, versions are commits.
    """

    package: str
    ecosystem: str  # "pypi", "npm" or "git"
    name: str
    vulnerable: str
    fixed: str | None = None
    companions: tuple[Companion, ...] = ()


@dataclass(frozen=True, slots=True)
class Runtime:
    """The language and the interpreter asked for; `version` is "3.11" or "3.11.7", None for whatever fits."""

    language: str = "python"  # "python", "node" or "native"
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Build:
    """How the source is built: `run` is the finder's recipe, None for ours; `sanitizer` address, undefined or none."""

    run: tuple[str, ...] | None = None
    sanitizer: str = "none"


@dataclass(frozen=True, slots=True)
class CallRun:
    """Form 1: our harness carries out these steps on the target. Steps are checked JSON values (see `core.steps`)."""

    steps: tuple[Mapping[str, Any], ...]
    control_steps: tuple[Mapping[str, Any], ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    show: tuple[str, ...] = ("$result",)


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """Form 2: the finder's script or the target's own command, started without a shell."""

    argv: tuple[str, ...]
    control: tuple[str, ...] | None = None
    stdin: str | None = None  # path inside the bundle


@dataclass(frozen=True, slots=True)
class OracleSpec:
    """Which oracle decides, with its parameters (None where not given)."""

    name: OracleName
    insecure: str | None = None
    secure: str | None = None
    budget_seconds: float = 1.0
    budget_mib: float = 64.0
    sizes: tuple[int, ...] | None = None
    type: str | None = None  # exception: its class, "module.Class" or "Class"
    carrying: bool = False  # connect: the decoy must have been sent the run's secret


@dataclass(frozen=True, slots=True)
class Manifest:
    """One parsed and checked `proof.toml`."""

    claim: Claim
    target: Target
    runtime: Runtime
    run: CallRun | ScriptRun
    oracle: OracleSpec
    tests: tuple[str, ...] | None = None
    wall_seconds: float = 20.0
    memory_mib: int = 1024
    patch: str | None = None
    build: Build | None = None
