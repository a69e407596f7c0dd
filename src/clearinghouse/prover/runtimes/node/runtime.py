"""One Node as a runtime: releases from npm tarballs, our harness for form 1, a watched Node for form 2."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clearinghouse.prover.runtimes.interface import DOOR, TREE, RuntimeMissing, Shown, Start
from clearinghouse.prover.runtimes.node import install, variants
from clearinghouse.prover.runtimes.node.executables import INSIDE, Node, all_nodes, fitting
from clearinghouse.prover.runtimes.node.harness_copy import harness_for
from clearinghouse.prover.runtimes.node.packages import FOLDER, SOURCES, trespass
from clearinghouse.prover.sandbox.interface import HOME, Bind, File
from clearinghouse.prover.trees import edited

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clearinghouse.core.manifest import Manifest, ScriptRun, Target
    from clearinghouse.core.proof import Variant
    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runtimes.interface import Workbench

_HARNESS = "/opt/clearinghouse/node"
# Beyond any memory limit of a run: the kernel must end what takes too much. The engine's own abort looks like a crash.
_HEAP = "--max-old-space-size=16384"
_KNOCK = """const socket = require('net').connect({door});
socket.on('connect', () => socket.write({token}));
socket.on('data', () => socket.destroy());
socket.on('error', () => process.exit(1));
"""


@dataclass(frozen=True, slots=True)
class NodeRuntime:
    """Runs targets under one Node; keeps what it installs in `cache`."""

    cache: Cache
    node: Node

    @property
    def label(self) -> str:
        """As shown with a verdict: "Node 20.11.1"."""
        return self.node.label

    def install(self, target: Target, version: str) -> Installed:
        """The target at `version` with its companions, scripts off. Raises ProvisionError."""
        return install.install(self.cache, target, version, self.node)

    def fault(self, installed: Installed, target: Target) -> str | None:
        """Why a companion may not stand beside the target, or None."""
        del installed
        return trespass(self.node.builtins, [item.name for item in target.companions], target.name)

    def variant(self, base: Installed, variant: Variant, other_version: str | None = None) -> Installed:
        """A control made of an installed release, once."""
        return variants.build_variant(self.cache, base, variant, other_version)

    def edited(self, base: Installed, edits: Mapping[str, bytes | None], place: Path) -> Installed:
        """`base` with own files replaced, added or removed, at the new folder `place`; nothing is compiled ahead."""
        return edited(base, edits, place, lambda _changed, _path: False)

    def shown(self, tree: Installed) -> Shown:
        """The tree, the harness and Node under neutral names, without packages installed for everyone."""
        binds = [Bind(tree.tree, TREE), Bind(harness_for(self.cache), _HARNESS)]
        environment = {"PATH": "/usr/bin:/bin"}
        if not self.node.is_system:
            binds.append(Bind(self.node.executable, self.node.inside))
            binds += [Bind(library, f"{INSIDE}/lib/{library.name}") for library in self.node.libraries]
            environment["PATH"] = f"{INSIDE}/bin:/usr/bin:/bin"
            if self.node.libraries:
                environment["LD_LIBRARY_PATH"] = f"{INSIDE}/lib"
        return Shown(tuple(binds), environment)

    def canary(self, path: str, token: str) -> tuple[File, ...]:
        """A shell script that has Node knock."""
        knock = f"{path}.knock.js"
        library = f"LD_LIBRARY_PATH={INSIDE}/lib " if self.node.libraries else ""
        script = f'#!/bin/sh\nunset NODE_OPTIONS\n{library}exec {self.node.inside} {knock} "$@"\n'
        code = _KNOCK.format(door=json.dumps(DOOR), token=json.dumps(token))
        return File(path, script.encode(), 0o555), File(knock, code.encode())

    def call(self, job: Mapping[str, Any]) -> Start:
        """Form 1."""
        argv = (self.node.inside, _HEAP, "--stack-trace-limit=100", f"{_HARNESS}/call.js")
        key = secrets.token_hex(16)
        return Start(argv, json.dumps({**job, "key": key}).encode(), key=key)

    def script(self, argv: tuple[str, ...], stdin: bytes, watch: Mapping[str, Any], run: ScriptRun) -> Start:
        """Form 2: `node` is the target's Node, in which a witness watches for the canaries."""
        del run
        own = [path for path in watch["own"] if path.endswith(SOURCES)]
        environment = {
            "NODE_PATH": f"{TREE}/{FOLDER}",
            "CLEARINGHOUSE_WATCH": json.dumps({**watch, "own": own}),
        }
        program, *rest = argv
        if program == "node":
            return Start((self.node.inside, _HEAP, "--require", f"{_HARNESS}/script.js", *rest), stdin, environment)
        if "/" not in program:
            program = f"/usr/bin/{program}"
        elif not program.startswith("/"):
            program = f"{HOME}/{program}"
        return Start((program, *rest), stdin, environment)


def node_runtimes(manifest: Manifest, workbench: Workbench) -> tuple[NodeRuntime, ...]:
    """The Node that fits a bundle best. Raises RuntimeMissing."""
    asked = manifest.runtime.version
    found = fitting(asked)
    if found is None:
        present = ", ".join(node.version for node in all_nodes()) or "none"
        wanted = f"Node {asked}" if asked else "Node"
        raise RuntimeMissing(
            f"{wanted} is not on this machine; it has {present}",
            advice=f"install {wanted} with npm, from the distribution or with nvm, where the prover finds it",
        )
    return (NodeRuntime(workbench.cache, found),)
