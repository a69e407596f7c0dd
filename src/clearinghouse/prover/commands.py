"""Decides whether a run starts the target's own command, with nothing of the finder's but data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.manifest import ScriptRun

if TYPE_CHECKING:
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.installed import Installed

_START = ("python", "-m")
# What an interpreter or a shell would carry out; a command may be told to load it.
_CODE = (".py", ".pyc", ".pyd", ".so", ".pth", ".sh", ".zip", ".whl", ".egg", ".pkl", ".pickle", ".tmpl")


def is_own_command(bundle: Bundle, vulnerable: Installed) -> bool:
    """Whether trigger and control are `python -m MODULE …` with a module among the target's own files.

    A bundle that brings code is none: many commands load what their arguments or settings name.
    """
    run = bundle.manifest.run
    if not isinstance(run, ScriptRun) or bundle.manifest.runtime.language != "python":
        return False
    if any(path.startswith("files/") and path.lower().endswith(_CODE) for path in bundle.files):
        return False
    started = {argv[:3] for argv in (run.argv, run.control) if argv}
    if len(started) != 1:
        return False
    (start,) = started
    if start[:2] != _START or len(start) != len(_START) + 1:
        return False
    place = start[2].replace(".", "/")
    return bool({f"{place}.py", f"{place}/__main__.py"} & set(vulnerable.own))
