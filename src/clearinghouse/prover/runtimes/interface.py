"""What a language brings to the prover: how releases are installed and changed, and how a run of one is started.

Inside the sandbox, the same for all: the release at TREE, another to compare with at OTHER, the bundle's files below
HOME (sandbox/interface.py), and a report descriptor 3 on which a harness says JSON lines (observation.py reads them).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from clearinghouse.core.errors import ClearinghouseError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from clearinghouse.core.manifest import ScriptRun, Target
    from clearinghouse.core.proof import Variant
    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.sandbox.interface import Bind, File, Sandbox

TREE: Final = "/opt/target"
OTHER: Final = "/opt/other"
SRC: Final = "/src"  # where a build has its source; stack traces of what it built name files below it
DOOR: Final = "/canary/door"  # the supervisor's Unix socket, where the canary executable knocks


class ProvisionError(ClearinghouseError):
    """A release could not be installed. `kind` tells why.

    "no_release" there is none; "no_wheel" none for this runtime, another may have it; "build_failed" its own build
    failed; "unsupported" something is missing here; "infra" the machinery failed.
    """

    code = "provision"

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class RuntimeMissing(Unavailable):
    """The machine has no runtime for a bundle; the message says which it has and what to install."""

    code = "runtime-missing"


@dataclass(frozen=True, slots=True)
class Workbench:
    """What runtimes work with: where made things are kept, and the sandbox in which foreign builds run."""

    cache: Cache
    sandbox: Sandbox
    checkouts: Mapping[str, Path] = field(default_factory=dict)  # repository as bundles name it -> local git checkout
    files: Mapping[str, bytes] = field(default_factory=dict)  # of the bundle at hand, for a recipe of the finder's


@dataclass(frozen=True, slots=True)
class Shown:
    """What every run of a release sees beside the tree: binds, environment, and folders to cover."""

    binds: tuple[Bind, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    mask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """How to start one run: the command inside, its standard input, and what it adds to the environment."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    key: str = ""  # what each line of the harness's report bears; others are not believed. Empty: nothing is asked


class Runtime(Protocol):
    """One interpreter or toolchain of this machine, for the targets of one language."""

    @property
    def label(self) -> str:
        """As shown with a verdict: "CPython 3.11.7"."""
        ...

    def install(self, target: Target, version: str) -> Installed:
        """The target at `version` with its companions; made once, shared. Raises ProvisionError."""
        ...

    def fault(self, installed: Installed, target: Target) -> str | None:
        """Why a bundle's companions may not stand beside the target, or None."""
        ...

    def variant(self, base: Installed, variant: Variant, other_version: str | None = None) -> Installed:
        """A control made of an installed release, once; `other_version` is the name the renamed ones take."""
        ...

    def edited(self, base: Installed, edits: Mapping[str, bytes | None], place: Path) -> Installed:
        """`base` with own files replaced, added or (None) removed, at the new folder `place`, which the caller owns.

        Built anew where the language is compiled: raises ProvisionError of kind "build_failed" then.
        """
        ...

    def shown(self, tree: Installed) -> Shown:
        """What each run of `tree` sees."""
        ...

    def canary(self, path: str, token: str) -> tuple[File, ...]:
        """The executable at `path` that sends `token` to the socket DOOR and waits for one byte, with its files."""
        ...

    def call(self, job: Mapping[str, Any]) -> Start:
        """Form 1: our harness carries out a job (its keys: runner.py) on the target."""
        ...

    def script(self, argv: tuple[str, ...], stdin: bytes, watch: Mapping[str, Any], run: ScriptRun) -> Start:
        """Form 2: the finder's command, with canaries filled in; `watch` is what an observer inside should look for."""
        ...


@runtime_checkable
class WarmRuntime(Protocol):
    """A runtime that can repeat form 1 from one warm start of the target; prover/warm.py reads what comes of it."""

    def warm(
        self, jobs: Sequence[Mapping[str, Any]], bounds: Mapping[str, float]
    ) -> tuple[Start, tuple[str, ...]] | None:
        """The start of a process that forks each job in turn, and the key of each run's lines; None where it cannot.

        `bounds` of one run: wall_seconds, cpu_seconds, linger_seconds, output (bytes kept of each stream).
        """
        ...
