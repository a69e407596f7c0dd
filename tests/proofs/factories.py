"""Bundles for tests: one real manifest each, whose input names the planted bug that it triggers."""

from __future__ import annotations

import json
from dataclasses import dataclass

from clearinghouse.prover.bundle import pack, read_archive


@dataclass(frozen=True, slots=True)
class Sketch:
    """What differs between the bundles of a test. `bug` is what the input triggers, `words` make inputs differ."""

    bug: str
    vulnerable: str = "1.4"
    fixed: str | None = "1.5"
    package: str = "pkg:pypi/gizmo"
    oracle: str = "exec"
    title: str = "a crafted document runs a program"
    words: str = "plain"
    aliases: tuple[str, ...] = ()


def archive(sketch: Sketch) -> bytes:
    """The sketch as a bundle, packed."""
    fixed = f'fixed = "{sketch.fixed}"' if sketch.fixed else ""
    insecure = 'insecure = "leaked"' if sketch.oracle == "predicate" else ""
    manifest = f"""schema = "clearinghouse.proof/1"
[claim]
title = {json.dumps(sketch.title)}
weakness = ["CWE-94"]
aliases = {json.dumps(list(sketch.aliases))}
[target]
package = "{sketch.package}"
vulnerable = "{sketch.vulnerable}"
{fixed}
[runtime]
language = "python"
[run]
call = "gizmo.core:load"
args = [{json.dumps(sketch.bug)}, {json.dumps(sketch.words)}]
control_args = ["none", "benign"]
[oracle]
name = "{sketch.oracle}"
{insecure}
"""
    return pack({"proof.toml": manifest.encode()})


def bundle_id(content: bytes) -> str:
    """The id of a packed bundle."""
    return read_archive(content).id
