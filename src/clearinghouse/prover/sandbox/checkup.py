"""Looks at every layer of this machine's sandbox: is it there, what does its absence mean for verdicts, what mends it.

What can be tried is tried: the sandbox is opened as every proof opens it, and hostile programs are let loose in it.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.prover.sandbox import remedies, seccomp
from clearinghouse.prover.sandbox.find import find_program, find_sandbox
from clearinghouse.prover.sandbox.hostile.attack import run_attack
from clearinghouse.prover.sandbox.hostile.bait import Bait
from clearinghouse.prover.sandbox.hostile.reach import REACHING
from clearinghouse.prover.sandbox.hostile.take import TAKING

if TYPE_CHECKING:
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from clearinghouse.prover.sandbox.cgroup import Hierarchies

_SWITCHES: Final = (
    "user/max_user_namespaces",
    "kernel/unprivileged_userns_clone",
    "kernel/apparmor_restrict_unprivileged_userns",
)
_BOUNDS: Final = ("memory", "pids", "cpu")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: `found` says what is here; `meaning` and `remedy` are empty where nothing is to be done."""

    name: str
    ok: bool
    found: str
    meaning: str = ""  # of its absence, for verdicts
    remedy: str = ""
    needed: bool = True  # for the full grade


@dataclass(frozen=True, slots=True)
class Trial:
    """One hostile program that was let loose inside: `breaches` is empty when it was contained."""

    name: str
    breaches: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everything that was seen. `isolation` is the grade that verdicts get here, empty without a sandbox."""

    isolation: str
    layers: tuple[Layer, ...]
    trials: tuple[Trial, ...] = ()

    @property
    def contained(self) -> bool:
        """Whether there is a sandbox that held every hostile program: one that does not hold is none."""
        return bool(self.isolation) and not any(trial.breaches for trial in self.trials)

    @property
    def complete(self) -> bool:
        """Whether every layer holds, so that verdicts have the full grade."""
        return self.contained and self.isolation == "g2"


def check_up(state: Path) -> Checkup:
    """Look at everything. `state` is the folder that proofs use for locks and run files."""
    if sys.platform != "linux" or not seccomp.supported():
        return Checkup("", (_system(ok=False),))
    try:
        program = _bubblewrap(find_program()[0].executable)
    except SandboxUnavailable as error:
        missing = Layer("bubblewrap", ok=False, found=error.message, meaning=remedies.NO_PROOFS, remedy=error.advice)
        return Checkup("", (_system(ok=True), missing, *_bounds(_hierarchies())))
    try:
        sandbox = find_sandbox(state)
    except SandboxUnavailable as error:
        walls = Layer("user namespaces", ok=False, found=f"{error.message} ({_switches()})",
                      meaning=remedies.NO_PROOFS, remedy=error.advice)  # fmt: skip
        return Checkup("", (_system(ok=True), program, walls, *_bounds(_hierarchies())))
    try:
        layers = (_system(ok=True), program, *_inside(sandbox), *_bounds(sandbox.hierarchies), _init(sandbox))
        return Checkup(sandbox.isolation, layers, _trials(sandbox))
    finally:
        sandbox.close()


def _trials(sandbox: BubblewrapSandbox) -> tuple[Trial, ...]:
    trials = []
    with Bait(sandbox.scratch) as bait:
        for attack in (*REACHING, *TAKING):
            if attack.quick and not (attack.needs and attack.needs in sandbox.isolation):
                began = time.monotonic()
                result = run_attack(sandbox, attack, bait)
                trials.append(Trial(attack.name, result.breaches, round(time.monotonic() - began, 2)))
    return tuple(trials)


def _system(*, ok: bool) -> Layer:
    found = f"{platform.system()} {platform.release()} on {platform.machine()}"
    return Layer("system", ok, found, *(() if ok else (remedies.NO_PROOFS, remedies.SYSTEM)))


def _bubblewrap(executable: str) -> Layer:
    try:
        done = subprocess.run([executable, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return Layer("bubblewrap", ok=True, found=executable)
    return Layer("bubblewrap", ok=True, found=f"{done.stdout.strip()}, {executable}")


def _switches() -> str:
    """The kernel's switches for user namespaces that exist here."""
    values = []
    for name in _SWITCHES:
        try:
            values.append(f"{name.replace('/', '.')}={Path('/proc/sys', name).read_text().strip()}")
        except OSError:
            continue
    return ", ".join(values) or "no switches"


def _inside(sandbox: BubblewrapSandbox) -> tuple[Layer, ...]:
    """What the first run, which starts every sandbox, has shown to work."""
    landlock = sandbox.landlock
    return (
        Layer("user namespaces", ok=True, found=_switches()),
        Layer("seccomp", ok=True, found=f"{len(seccomp.refused_calls())} system calls refused, others by arguments"),
        Layer("Landlock", ok=True, found=f"version {landlock}")
        if landlock
        else Layer("Landlock", ok=False, found="not in this kernel", meaning=remedies.G1, remedy=remedies.LANDLOCK),
    )


def _hierarchies() -> Hierarchies:
    from clearinghouse.prover.sandbox.cgroup_search import find_hierarchies  # noqa: PLC0415  # needs Linux

    return find_hierarchies(f"clearinghouse-checkup-{os.getpid()}")


def _bounds(hierarchies: Hierarchies) -> tuple[Layer, ...]:
    """The control groups: the three that the grade asks for, and the switch that ends a group at once."""
    layers = []
    for kind in (*_BOUNDS, "kill"):
        name, place = f"cgroup {kind}", hierarchies.places.get(kind)
        if place:
            layers.append(Layer(name, ok=True, found=f"version {place.version}, below {place.parent}"))
        else:
            needed = kind in _BOUNDS
            meaning = f"{remedies.G1}; {remedies.WITHOUT[kind]}" if needed else remedies.WITHOUT[kind]
            layers.append(Layer(name, ok=False, found="cannot be written here", meaning=meaning,
                                remedy=remedies.CGROUPS, needed=needed))  # fmt: skip
    return tuple(layers)


def _init(sandbox: BubblewrapSandbox) -> Layer:
    if sandbox.init == "compiled":
        return Layer("init", ok=True, found="compiled")
    return Layer("init", ok=False, found="Python", meaning=remedies.SLOWER, remedy=remedies.COMPILER, needed=False)
