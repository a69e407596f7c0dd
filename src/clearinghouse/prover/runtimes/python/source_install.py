"""Installs releases without a wheel, or to be built with a sanitizer: the target from source, the rest from wheels."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from clearinghouse.core.manifest_target import normalised
from clearinghouse.prover.building.sources import files_below
from clearinghouse.prover.runtimes.python.distribution import read_installed
from clearinghouse.prover.runtimes.python.install import install_resolved, make_readable, resolve
from clearinghouse.prover.runtimes.python.variants import stale
from clearinghouse.prover.runtimes.python.wheels import Built, build_at, wheel_of
from clearinghouse.prover.trees import edited, link_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clearinghouse.core.manifest import Target
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runtimes.python.interpreters import Interpreter
    from clearinghouse.prover.runtimes.python.wheels import Workshop


def install_source(workshop: Workshop, target: Target, version: str) -> Installed:
    """The target at `version`, built here, with its companions and dependencies from wheels. Raises ProvisionError."""
    return install_built(workshop, target, version, wheel_of(workshop, target.name, version))


def install_built(workshop: Workshop, target: Target, version: str, built: Built) -> Installed:
    """A built wheel with what it needs, made once."""
    companions = [f"{item.name}=={item.version}" for item in target.companions]
    facts = json.dumps([built.record, companions, *workshop.facts])
    key = f"{target.name}-{version}-source-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
    place = workshop.cache.root / "targets" / key
    if not (place / "requirements.txt").is_file():
        with workshop.cache.lock(key):
            if not (place / "requirements.txt").is_file():
                with workshop.cache.workshop(place) as folder:
                    fill(folder, built, target.name, companions, workshop.interpreter)
    installed = read_installed(place, target.name, version)
    return replace(installed, source=built.source, sources=files_below(built.source))


def fill(folder: Path, built: Built, name: str, companions: list[str], interpreter: Interpreter) -> None:
    """Install a wheel with its dependencies into `folder`/tree, and write what was resolved."""
    pin = f"{name} @ {built.wheel.as_uri()}"
    listed = folder / "listed.txt"
    listed.write_text(resolve(folder, [pin, *companions], interpreter))
    install_resolved(listed, folder / "tree", interpreter, name)
    _forget_origin(folder / "tree")
    rest = _without(listed.read_text(), name)
    listed.unlink()
    record = "".join(f"# {line}\n" for line in f"{name}: {built.record}".splitlines())
    (folder / "requirements.txt").write_text(record + rest, encoding="utf-8")
    make_readable(folder)


def _forget_origin(tree: Path) -> None:
    """Drop the notes of where a wheel lay: runs need not know this machine's folders."""
    for note in tree.glob("*.dist-info/direct_url.json"):
        note.unlink()
        record = note.with_name("RECORD")
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        record.write_text("".join(line for line in lines if "/direct_url.json," not in line), encoding="utf-8")


def _without(resolved: str, name: str) -> str:
    """The requirements but for the entry of `name`, which holds a path of this machine's."""
    kept, skipping = [], False
    for line in resolved.splitlines(keepends=True):
        if not line.startswith((" ", "\t")):
            spelt = re.split(r"[ @=]", line, maxsplit=1)[0]
            skipping = normalised(spelt) == name
        if not skipping:
            kept.append(line)
    return "".join(kept)


def edited_source(workshop: Workshop, base: Installed, edits: Mapping[str, bytes | None], place: Path) -> Installed:
    """`base` built anew at the new folder `place` from its source with edits; companions and dependencies stay.

    Raises ProvisionError of kind "build_failed".
    """
    assert base.source is not None
    place.mkdir(mode=0o755)
    source = edited(
        replace(base, tree=base.source, own=base.sources), edits, place / "source", lambda _edited, _path: False
    )
    built = build_at(workshop, source.tree, place / "built", f"{base.digest}, edited: {source.digest}")
    own = set(base.own)
    link_tree(base.tree, place / "tree", lambda path: path in own or stale(own, path))
    listed = place / "listed.txt"
    wheel = hashlib.sha256(built.wheel.read_bytes()).hexdigest()
    name = built.wheel.name.partition("-")[0]
    listed.write_text(f"{name} @ {built.wheel.as_uri()} --hash=sha256:{wheel}\n")
    install_resolved(listed, place / "tree", workshop.interpreter, name)
    _forget_origin(place / "tree")
    (place / "requirements.txt").write_text(
        f"{base.resolved}# {built.record}\n".replace("\n", "\n# "), encoding="utf-8"
    )
    make_readable(place)
    installed = read_installed(place, normalised(name), base.version)
    return replace(installed, source=source.tree, sources=source.own)
