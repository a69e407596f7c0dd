"""One CPython as a runtime: releases from wheels, our harness for form 1, a watched interpreter for form 2."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.prover import sanitizers
from clearinghouse.prover.building.toolchain import toolchain_for
from clearinghouse.prover.runtimes.interface import DOOR, TREE, ProvisionError, RuntimeMissing, Shown, Start
from clearinghouse.prover.runtimes.python import install, variants
from clearinghouse.prover.runtimes.python.distribution import trespass
from clearinghouse.prover.runtimes.python.harness_copy import harness_for
from clearinghouse.prover.runtimes.python.interpreters import INSIDE, Interpreter, all_interpreters, fitting
from clearinghouse.prover.runtimes.python.source_install import edited_source, install_source
from clearinghouse.prover.runtimes.python.wheels import Workshop
from clearinghouse.prover.sandbox.interface import HOME, Bind, File
from clearinghouse.prover.trees import edited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clearinghouse.core.manifest import Manifest, ScriptRun, Target
    from clearinghouse.core.proof import Variant
    from clearinghouse.prover.building.toolchain import Toolchain
    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runtimes.interface import Workbench

_HARNESS = "/opt/clearinghouse/clearinghouse_harness"
_START_CALL = (
    "import sys; sys.path[0] = '/opt/clearinghouse'; import clearinghouse_harness.call as c; del sys.path[0]; c.main()"
)
_KNOCK = """import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect({door!r})
s.sendall({token!r}.encode())
s.recv(1)
"""


@dataclass(frozen=True, slots=True)
class PythonRuntime:
    """Runs targets under one interpreter; keeps what it installs in `cache`.

    With a `workshop`, releases without a wheel are built from source; with `anew`, all of them are.
    """

    cache: Cache
    interpreter: Interpreter
    workshop: Workshop | None = None
    anew: bool = False

    @property
    def label(self) -> str:
        """As shown with a verdict: "CPython 3.11.7"."""
        return self.interpreter.label

    def install(self, target: Target, version: str) -> Installed:
        """The target at `version` with its companions. Raises ProvisionError."""
        if self.workshop is not None and self.anew:
            return install_source(self.workshop, target, version)
        try:
            return install.install(self.cache, target, version, self.interpreter)
        except ProvisionError as error:
            if error.kind != "no_wheel" or self.workshop is None:
                raise
        return install_source(self.workshop, target, version)

    def fault(self, installed: Installed, target: Target) -> str | None:
        """Why a companion may not stand beside the target, or None."""
        return trespass(installed, {item.name for item in target.companions})

    def variant(self, base: Installed, variant: Variant, other_version: str | None = None) -> Installed:
        """A control made of an installed release, once."""
        return variants.build_variant(self.cache, base, variant, other_version)

    def edited(self, base: Installed, edits: Mapping[str, bytes | None], place: Path) -> Installed:
        """`base` with own files replaced, added or removed, at the new folder `place`; built anew if it was built."""
        if base.source is not None and self.workshop is not None:
            return edited_source(self.workshop, base, edits, place)
        return edited(base, edits, place, variants.stale)

    def shown(self, tree: Installed) -> Shown:
        """The tree, the harness and the interpreter under neutral names, without the interpreter's own packages."""
        interpreter = self.interpreter
        binds = [Bind(tree.tree, TREE), Bind(harness_for(self.cache, interpreter), _HARNESS)]
        if not interpreter.is_system:
            binds.append(Bind(interpreter.prefix, INSIDE))
        environment = {
            "PATH": f"{Path(interpreter.inside).parent}:/usr/bin:/bin",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if interpreter.library_path:
            environment["LD_LIBRARY_PATH"] = interpreter.library_path
        return Shown(tuple(binds), environment, interpreter.site_folders)

    def canary(self, path: str, token: str) -> tuple[File, ...]:
        """A shell script that has the interpreter knock."""
        interpreter = self.interpreter
        knock = str(Path(path).with_name("knock.py"))
        library = f"LD_LIBRARY_PATH={interpreter.library_path} " if interpreter.library_path else ""
        script = f'#!/bin/sh\n{library}exec {interpreter.inside} -I -S {knock} "$@"\n'
        return File(path, script.encode(), 0o555), File(knock, _KNOCK.format(door=DOOR, token=token).encode())

    def call(self, job: Mapping[str, Any]) -> Start:
        """Form 1."""
        key = secrets.token_hex(16)
        argv = (self.interpreter.inside, "-S", "-s", "-B", "-c", _START_CALL)
        return replace(self._started(argv, json.dumps({**job, "key": key}).encode(), {}), key=key)

    def warm(
        self, jobs: Sequence[Mapping[str, Any]], bounds: Mapping[str, float]
    ) -> tuple[Start, tuple[str, ...]] | None:
        """Form 1, repeated: forks of one warm start, with the key of each run's lines. None under a sanitizer."""
        if self.workshop is not None and self.workshop.sanitizer != "none":
            return None
        keys = tuple(secrets.token_hex(16) for _ in jobs)
        order = {"jobs": [{**job, "key": key} for job, key in zip(jobs, keys, strict=True)], **bounds}
        key = secrets.token_hex(16)
        argv = (self.interpreter.inside, "-S", "-s", "-B", "-c", _START_CALL.replace(".call as", ".warm as"))
        return Start(argv, json.dumps({**order, "key": key}).encode(), key=key), keys

    def _started(self, argv: tuple[str, ...], stdin: bytes, environment: Mapping[str, str]) -> Start:
        """A start, under the sanitizer that the target was built with."""
        workshop = self.workshop
        if workshop is None or workshop.sanitizer == "none" or workshop.toolchain is None:
            return Start(argv, stdin, environment)
        # Python's own pools would hide the edges of small objects from the sanitizer.
        environment = {**environment, "PYTHONMALLOC": "malloc"}
        preloaded = sanitizers.started(argv, workshop.toolchain, workshop.sanitizer, preload=True)
        return Start(preloaded, stdin, environment)

    def script(self, argv: tuple[str, ...], stdin: bytes, watch: Mapping[str, Any], run: ScriptRun) -> Start:
        """Form 2: `python` is the target's interpreter, in which a witness watches for the canaries."""
        del run
        own = [path for path in watch["own"] if path.endswith(".py")]
        environment = {
            "PYTHONPATH": f"{_HARNESS}/site:{TREE}",
            "CLEARINGHOUSE_WATCH": json.dumps({**watch, "own": own}),
        }
        program, *rest = argv
        if program == "python":
            program = self.interpreter.inside
        elif "/" not in program:
            program = f"/usr/bin/{program}"
        elif not program.startswith("/"):
            program = f"{HOME}/{program}"
        return self._started((program, *rest), stdin, environment)


def python_runtimes(manifest: Manifest, workbench: Workbench) -> tuple[PythonRuntime, ...]:
    """The interpreters that fit a bundle, the best first, one of each minor version. Raises RuntimeMissing."""
    asked = manifest.runtime.version
    best: dict[str, Interpreter] = {}
    for item in fitting(asked):
        best.setdefault(item.minor, item)  # wheels are made for minor versions
    if not best:
        present = ", ".join(item.version for item in all_interpreters()) or "none"
        raise RuntimeMissing(
            f"Python {asked} is not on this machine; it has {present}",
            advice=f"install Python {asked}, for example with pyenv or uv, where the prover finds it",
        )
    sanitizer = manifest.build.sanitizer if manifest.build is not None else "none"
    compiler: Toolchain | None
    try:
        compiler = toolchain_for(sanitizer, first="gcc")
    except RuntimeMissing:
        if sanitizer != "none":
            raise
        compiler = None  # much source needs none
    plain = [PythonRuntime(workbench.cache, item) for item in best.values()]
    building = [
        PythonRuntime(
            workbench.cache,
            item,
            Workshop(workbench.cache, workbench.sandbox, item, compiler, sanitizer),
            anew=manifest.build is not None,
        )
        for item in best.values()
    ]
    return tuple(building) if manifest.build is not None else (*plain, *building)
