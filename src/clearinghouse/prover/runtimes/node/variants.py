"""Builds the controls from an installed npm release: the null target, other names, another spelling.

Each catches proofs that bring the effect about themselves: an inert stub must stay silent; vulnerable code must fire
whatever it calls itself and however its files hash; fixed code must stay silent whatever it calls itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Variant
from clearinghouse.prover.runtimes.node.packages import FOLDER, SOURCES, version_named
from clearinghouse.prover.trees import link_tree, open_to_read, write_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.installed import Installed

_INERT = (Path(__file__).parent / "inert.js").read_text(encoding="utf-8")
_STUB = hashlib.sha256(_INERT.encode()).hexdigest()[:8]  # another stub makes other controls
_EXPORTED = re.compile(r"export\s+(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s+([A-Za-z_$][\w$]*)")
_LISTED = re.compile(r"export\s*\{([^}]*)\}")
_PASSED_ON = re.compile(r"(?m)^\s*export\s*\*\s*(?:as\s+[\w$]+\s+)?from\s*['\"][^'\"]+['\"]\s*;?")


def build_variant(cache: Cache, base: Installed, variant: Variant, other_version: str | None = None) -> Installed:
    """The variant of an installed release, built once. `other_version` is the name it takes, for the renamed ones."""
    suffix = f"{variant.value}-{other_version or _STUB}"
    place = base.tree.parent.with_name(f"{base.tree.parent.name}.{suffix}")
    if not (place / "done").is_file():
        with cache.lock(place.name):
            if not (place / "done").is_file():
                with cache.workshop(place) as folder:
                    _build(base, variant, folder / "tree", other_version)
                    open_to_read(folder)
                    (folder / "done").touch()
    return replace(base, tree=place / "tree")


def _build(base: Installed, variant: Variant, tree: Path, other_version: str | None) -> None:
    if variant is Variant.NULL_TARGET:
        _edited(base, tree, lambda path, text: _null(base, path, text))
    elif variant is Variant.V_RESPELT:
        _edited(base, tree, _respell)
    else:
        assert other_version is not None
        name = other_version
        _edited(base, tree, lambda path, text: _renamed(base, path, text, name))


def _edited(base: Installed, tree: Path, edit: Callable[[str, str], str | None]) -> None:
    """The tree with every own source and package.json passed through `edit`; None takes the file away."""
    edits: dict[str, str | None] = {}
    for path in base.own:
        if path.endswith((*SOURCES, ".node", "/package.json")):
            text = (base.tree / path).read_text(encoding="utf-8", errors="surrogateescape")
            changed = edit(path, text)
            if changed != text:
                edits[path] = changed
    link_tree(base.tree, tree, lambda path: path in edits)
    for path, edited in edits.items():
        if edited is not None:
            write_file(tree / path, edited.encode("utf-8", "surrogateescape"))


def _respell(path: str, text: str) -> str:
    if not path.endswith(SOURCES):
        return text
    return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}// spelt again\n"


def _renamed(base: Installed, path: str, text: str, version: str) -> str:
    """Let a release call itself `version`: in its package.json, and in literals equal to its version."""
    if path == f"{base.metadata}/package.json":
        return re.sub(
            rf'("version"\s*:\s*)"{re.escape(version_named(text) or base.version)}"', rf'\g<1>"{version}"', text
        )
    if not path.endswith(SOURCES):
        return text
    return re.sub(
        rf"(['\"`])(v?){re.escape(base.version)}\1", lambda found: f"{found[1]}{found[2]}{version}{found[1]}", text
    )


def _null(base: Installed, path: str, text: str) -> str | None:
    """An inert module under the same name; what is compiled goes, descriptions stay."""
    if path.endswith(".node"):
        return None
    if not path.endswith(SOURCES):
        return text
    version = json.dumps(base.version)
    inert = _INERT.replace("VERSION_OF_THE_TARGET", version)
    if not _is_module(base, path):
        return f"{inert}module.exports = inert;\n"
    names = set(_EXPORTED.findall(text))
    for listed in _LISTED.findall(text):
        names |= {part.split()[-1] for part in listed.split(",") if part.split()}
    names -= {"default"}
    lines = [f"export {{ inert as {name} }};\n" for name in sorted(names) if re.fullmatch(r"[A-Za-z_$][\w$]*", name)]
    return "".join([inert, *_PASSED_ON.findall(text), "\nexport default inert;\n", *lines])


def _is_module(base: Installed, path: str) -> bool:
    """Whether Node reads a file as an ES module: by its ending, else as the nearest package.json says."""
    if not path.endswith(".js"):
        return path.endswith(".mjs")
    for parent in PurePosixPath(path).parents:
        description = base.tree / parent / "package.json"
        if description.is_file():
            try:
                document = json.loads(description.read_text(encoding="utf-8", errors="surrogateescape"))
            except ValueError:
                return False
            return isinstance(document, dict) and document.get("type") == "module"
        if parent.name == FOLDER:
            break
    return False
