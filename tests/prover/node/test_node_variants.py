"""The controls made of an npm release: what each changes, and that nothing else changes."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Variant
from tests.prover.node.targets import installed

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.runtimes.node.executables import Node
    from tests.prover.node.targets import HandMade

MAIN = "node_modules/fake/index.js"
PACKAGE = "node_modules/fake/package.json"


def test_own_files_are_those_of_the_package_and_not_of_packages_inside_it(tmp_path: Path) -> None:
    own = installed(tmp_path / "fake").own
    assert MAIN in own
    assert [path for path in own if "helper" in path or "inner" in path] == []


def test_a_renamed_release_says_another_version_and_nothing_else(tmp_path: Path, node_runtime: HandMade) -> None:
    base = installed(tmp_path / "fake")
    named = node_runtime.variant(base, Variant.V_NAMED_F, "9.8.7")
    assert json.loads((named.tree / PACKAGE).read_text())["version"] == "9.8.7"
    assert (named.tree / MAIN).read_text() == (base.tree / MAIN).read_text().replace("'1.0.1'", "'9.8.7'")
    assert (base.tree / PACKAGE).read_text().count("1.0.1") == 1
    helper = "node_modules/helper/index.js"
    assert (named.tree / helper).samefile(base.tree / helper)


def test_a_respelt_release_has_another_spelling_of_own_sources_alone(tmp_path: Path, node_runtime: HandMade) -> None:
    base = installed(tmp_path / "fake")
    respelt = node_runtime.variant(base, Variant.V_RESPELT)
    changed = {
        path.relative_to(respelt.tree).as_posix()
        for path in respelt.tree.rglob("*.*js")
        if path.is_file() and path.read_text() != (base.tree / path.relative_to(respelt.tree)).read_text()
    }
    assert changed == {path for path in base.own if path.endswith((".js", ".mjs"))}


def test_a_stub_answers_to_every_name_in_both_kinds_of_module(
    tmp_path: Path, node_runtime: HandMade, node: Node
) -> None:
    stub = node_runtime.variant(installed(tmp_path / "fake"), Variant.NULL_TARGET)
    script = f"""
    const fake = require('{stub.tree}/node_modules/fake');
    const box = new fake.Box(1);
    for (const none of box.items) throw none;
    if (`${{fake.a.b(1).c}}` !== '' || fake.version !== '1.0.1') throw new Error('not inert');
    fake.put = 7;
    if (fake.put !== 7) throw new Error('not kept');
    import('{stub.tree}/node_modules/fake/modern.mjs').then((modern) => modern.default(modern.one()));
    """
    subprocess.run([str(node.executable), "-e", script], check=True, capture_output=True)


def test_an_edited_release_has_other_files_and_another_digest(tmp_path: Path, node_runtime: HandMade) -> None:
    base = installed(tmp_path / "fake")
    edits = {MAIN: b"module.exports = 1;\n", "node_modules/fake/lib/part.js": None, "node_modules/fake/new.js": b""}
    made = node_runtime.edited(base, edits, tmp_path / "edited")
    assert (made.tree / MAIN).read_bytes() == b"module.exports = 1;\n"
    assert made.digest != base.digest
    assert set(made.own) == {*base.own, "node_modules/fake/new.js"} - {"node_modules/fake/lib/part.js"}
