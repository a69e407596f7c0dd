"""Installs exact releases of npm packages, once each, by integrity hash, with their scripts off: no foreign code runs.

A target folder is named by everything that determines it: package, version, companions, Node and npm.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.runtimes.node.npm import find_npm
from clearinghouse.prover.runtimes.node.packages import (
    FOLDER,
    RESOLVED,
    read_installed,
    resolved_of,
    version_named,
)

if TYPE_CHECKING:
    from clearinghouse.core.manifest import Target
    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runtimes.node.executables import Node
    from clearinghouse.prover.runtimes.node.npm import Npm

_FORMAT = "1"
# How the harness imports what cannot be required: resolved from the tree, as the target's own modules are.
IMPORT = "export const load = (name) => import(name);\n"


def install(cache: Cache, target: Target, version: str, node: Node) -> Installed:
    """The target at `version` with its companions, for a Node. Raises ProvisionError."""
    pins = {target.name: version} | {item.name: item.version for item in target.companions}
    npm = find_npm()
    # Complete targets are found without npm: what is in the cache goes on working where npm has gone.
    facts = json.dumps([_FORMAT, sorted(pins.items()), node.version, node.build])
    name = re.sub(r"[^A-Za-z0-9._-]+", "+", target.name)
    place = cache.root / "targets" / f"npm-{name}-{version}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
    if not (place / RESOLVED).is_file():
        with cache.lock(place.name):
            if not (place / RESOLVED).is_file():
                if npm is None:
                    raise ProvisionError(
                        "no npm of version 7 or newer is on this machine; install one beside Node",
                        "unsupported",
                    )
                with cache.workshop(place) as folder:
                    _fill(folder, pins, npm, cache)
    return read_installed(place, target.name, version)


def _fill(folder: Path, pins: dict[str, str], npm: Npm, cache: Cache) -> None:
    tree = folder / "tree"
    tree.mkdir()
    about = ", ".join(f"{name}@{version}" for name, version in pins.items())
    (tree / "package.json").write_text(json.dumps({"private": True, "dependencies": pins}), encoding="utf-8")
    store = cache.root / "npm"
    store.mkdir(parents=True, exist_ok=True)
    npm.run(
        ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-bin-links", "--no-progress", "--prefer-online",
         "--cache", str(store)],
        tree, about,
    )  # fmt: skip
    lock = json.loads((tree / "package-lock.json").read_text(encoding="utf-8"))
    _check(tree, pins)
    for path in ("package.json", "package-lock.json", f"{FOLDER}/.package-lock.json"):
        (tree / path).unlink(missing_ok=True)
    (tree / "import.mjs").write_text(IMPORT, encoding="utf-8")
    (folder / RESOLVED).write_text(resolved_of(lock), encoding="utf-8")
    _make_readable(folder)


def _check(tree: Path, pins: dict[str, str]) -> None:
    """Every package asked for lies where it is looked for, at the version asked for."""
    for name, version in pins.items():
        try:
            found = version_named((tree / FOLDER / name / "package.json").read_text(encoding="utf-8"))
        except OSError:
            found = None
        if found is None or found.partition("+")[0] != version.partition("+")[0]:
            raise ProvisionError(f"npm installed {found or 'nothing'} where {name}@{version} was asked for", "infra")


def _make_readable(folder: Path) -> None:
    """Runs have another user id: folders 755, files 644 (or 755 where executable)."""
    for parent, folders, files in os.walk(folder):
        for name in folders:
            (Path(parent) / name).chmod(0o755)
        for name in files:
            path = Path(parent) / name
            if path.is_symlink():
                path.unlink()
            else:
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
