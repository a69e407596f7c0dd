"""Runs one hostile program inside and decides whether it was contained, by what it says and by what is seen outside."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.prover.sandbox import seccomp
from clearinghouse.prover.sandbox.interface import Bind, Command, Ending, Limits
from clearinghouse.prover.sandbox.interpreter import shown_python

if TYPE_CHECKING:
    from clearinghouse.prover.sandbox.hostile.bait import Bait
    from clearinghouse.prover.sandbox.interface import Outcome, Sandbox

TARGET: Final = "/opt/target"  # where the bait's folder is shown, as a target would be
_CPU_SLACK: Final = 3.0  # seconds: a stop takes a moment on a machine under load
_WALL_SLACK: Final = 15.0

# Every program begins with this. `attempt` is for what raises when refused; a program that breaks says nothing
# at its end, and counts as a breach: a check that could not be made is none.
PRELUDE: Final = """
import ctypes, errno, json, os, socket, stat, sys, time
facts = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
tried = 0
def could(what):
    print("could", what, flush=True)
def attempt(what, call, *arguments):
    global tried
    tried += 1
    try:
        result = call(*arguments)
    except (OSError, ValueError):
        return None
    could(f"{what}: {result!r}"[:200])
    return result
"""
EPILOGUE: Final = "\nprint('tried', tried, flush=True)\n"


@dataclass(frozen=True, slots=True)
class Attack:
    """One hostile program: what it tries, in words, and how a run that holds it ends."""

    name: str
    program: str
    ending: Ending = Ending.EXITED
    limits: Limits = field(default_factory=lambda: Limits(wall_seconds=30.0, cpu_seconds=20.0))
    needs: str = ""  # without this layer (a word of the isolation grade) nothing promises to hold it
    quick: bool = True  # part of the short form


@dataclass(frozen=True, slots=True)
class Result:
    """Whether it was contained: `breaches` says in words what it could do, or what could not be checked."""

    attack: Attack
    outcome: Outcome
    mark: str  # stands in the command line of every process of the run
    breaches: tuple[str, ...]


def run_attack(sandbox: Sandbox, attack: Attack, bait: Bait) -> Result:
    """Let `attack` loose inside `sandbox`, with `bait` to go for outside."""
    mark = f"hostile-{secrets.token_hex(8)}"
    python = shown_python("/opt/python")
    command = Command(
        (
            python.executable,
            "-I",
            "-S",
            "-c",
            PRELUDE + attack.program + EPILOGUE,
            json.dumps(_facts(attack, bait, mark)),
        ),
        env={"LD_LIBRARY_PATH": python.library_path} if python.library_path else {},
        binds=(*(Bind(Path(source), inside) for source, inside in python.binds), Bind(bait.shown, TARGET)),
        mask=python.masks,
        limits=attack.limits,
        report=True,
    )
    outcome = sandbox.run(command)
    return Result(attack, outcome, mark, (*_breaches(attack, outcome), *bait.touched()))


def _facts(attack: Attack, bait: Bait, mark: str) -> dict[str, Any]:
    """What a program is told: an attacker may know everything about the host."""
    limits = attack.limits
    return {
        **bait.facts(),
        "mark": mark,
        "target": TARGET,
        "calls": seccomp.refused_calls(),
        "pids": limits.pids,
        "scratch": limits.scratch_mib << 20,
    }


def _breaches(attack: Attack, outcome: Outcome) -> list[str]:
    lines = outcome.stdout.decode("utf-8", "replace").splitlines()
    found = [line for line in lines if line.startswith("could ")]
    limits = attack.limits
    if outcome.ending is not attack.ending:
        found.append(f"ended with {outcome.ending} {outcome.code} instead of {attack.ending}: {_last_words(outcome)}")
    elif attack.ending is Ending.EXITED and (outcome.code or not any(line.startswith("tried ") for line in lines)):
        found.append(f"broke down with exit code {outcome.code}: {_last_words(outcome)}")
    if outcome.cpu_seconds > limits.cpu_seconds + _CPU_SLACK:
        found.append(f"could use {outcome.cpu_seconds:.1f} s of CPU")
    if outcome.wall_seconds > limits.wall_seconds + _WALL_SLACK:
        found.append(f"could go on for {outcome.wall_seconds:.1f} s")
    if max(len(outcome.stdout), len(outcome.stderr)) > limits.output_kib << 10:
        found.append("could have more output kept than its cap")
    if len(outcome.report) > limits.report_kib << 10:
        found.append("could have more of its report kept than its cap")
    if outcome.uid == 0:
        found.append("could run as root")
    return found


def _last_words(outcome: Outcome) -> str:
    said = outcome.detail or outcome.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return said[:200] or "no word"
