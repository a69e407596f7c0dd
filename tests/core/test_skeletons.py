"""Every skeleton is a bundle from the first moment: it parses, and says what was wished."""

from __future__ import annotations

import ast

import pytest

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import CallRun, ScriptRun
from clearinghouse.core.manifest_parser import parse_manifest
from clearinghouse.core.proof import OracleName
from clearinghouse.core.skeletons import LANGUAGES, ORACLES, Form, Wish, skeleton

PACKAGES = {"pypi": "pkg:pypi/python-multipart", "npm": "pkg:npm/%40scope/some.name"}


def test_every_oracle_has_a_skeleton() -> None:
    assert set(ORACLES) == set(OracleName)
    assert set(PACKAGES) == set(LANGUAGES)


@pytest.mark.parametrize("ecosystem", sorted(LANGUAGES))
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("oracle", list(ORACLES))
@pytest.mark.parametrize("fixed", ["1.0.1", None])
def test_a_skeleton_parses_and_says_what_was_wished(
    ecosystem: str, form: Form, oracle: OracleName, fixed: str | None
) -> None:
    wish = Wish(PACKAGES[ecosystem], "1.0.0", oracle, fixed, form)
    if (oracle, form) == (OracleName.EXCEPTION, Form.SCRIPT):
        with pytest.raises(InvalidBundle, match="needs form 1"):
            skeleton(wish)
        return
    if (ecosystem, oracle) == ("npm", OracleName.SANITIZER):
        with pytest.raises(InvalidBundle, match="is for native and python targets"):
            skeleton(wish)
        return
    if oracle is OracleName.POLLUTION and (ecosystem, form) != ("npm", Form.CALL):
        with pytest.raises(InvalidBundle, match=r"oracle\.name: pollution"):
            skeleton(wish)
        return
    files = skeleton(wish)
    manifest = parse_manifest(files["proof.toml"], files)
    assert manifest.oracle.name is oracle
    assert (manifest.target.vulnerable, manifest.target.fixed) == ("1.0.0", fixed)
    assert manifest.target.ecosystem == ecosystem
    assert isinstance(manifest.run, CallRun if form is Form.CALL else ScriptRun)
    assert f'# with = ["pkg:{ecosystem}/' in files["proof.toml"]
    assert all(line.isprintable() and len(line) <= 120 for text in files.values() for line in text.splitlines())


@pytest.mark.parametrize("oracle", sorted(set(ORACLES) - {OracleName.EXCEPTION, OracleName.POLLUTION}))
def test_a_script_in_python_is_python_that_uses_the_target_and_knows_both_inputs(oracle: OracleName) -> None:
    files = skeleton(Wish("pkg:pypi/python-multipart", "1.0.0", oracle, form=Form.SCRIPT))
    script = files["files/trigger.py"]
    names = {alias.name for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Import) for alias in node.names}
    assert "python_multipart" in names
    assert '"benign" in sys.argv' in script
    assert ("os" in names) == ("os.environ" in script) == bool(ORACLES[oracle].canary)


@pytest.mark.parametrize(
    ("package", "vulnerable", "fixed", "place"),
    [
        ("urllib3", "1.0", None, "target.package"),
        ("pkg:pypi/urllib3@1.0", "1.0", None, "target.package"),
        ("pkg:pypi/", "1.0", None, "target.package"),
        ("pkg:pypi/urllib3", ">=1.0", None, "target.vulnerable"),
        ("pkg:pypi/urllib3", '1.0"\nx = "', None, "target.vulnerable"),
        ("pkg:pypi/urllib3", "1.0", "1.0.0", "target.fixed"),
    ],
)
def test_a_wish_that_makes_no_bundle_is_refused_with_its_place(
    package: str, vulnerable: str, fixed: str | None, place: str
) -> None:
    with pytest.raises(InvalidBundle, match=place):
        skeleton(Wish(package, vulnerable, OracleName.EXEC, fixed))
