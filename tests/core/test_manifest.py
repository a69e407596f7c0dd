"""Manifests: what is read, and what each fault is called, with its key and its line."""

from __future__ import annotations

import pytest

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import Build, CallRun, Companion, OracleSpec, Runtime, ScriptRun
from clearinghouse.core.manifest_parser import parse_manifest
from clearinghouse.core.manifest_target import normalised
from clearinghouse.core.proof import OracleName
from tests.core.manifests import CALL, FILES, SCRIPT, STEPS, line_of, problems_of, spoilt

CVSS4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"


def test_a_call_with_its_arguments_is_read_as_one_step() -> None:
    manifest = parse_manifest(CALL, FILES)
    assert manifest.claim.weakness == ("CWE-835",)
    assert manifest.target.package == "pkg:pypi/some-package"
    assert manifest.target.companions == (Companion("six", "1.16.0"),)
    assert manifest.runtime.version == "3.11"
    assert manifest.run == CallRun(
        steps=({"call": "some.package:walk", "args": ["{{canary.token}}", {"$text": "files/input.txt"}]},),
        control_steps=({"call": "some.package:walk", "args": ["plain"]},),
        env={"HOME": "{{path:files/input.txt}}"},
    )
    assert manifest.oracle == OracleSpec(OracleName.PREDICATE, insecure="endless")
    assert (manifest.wall_seconds, manifest.memory_mib) == (10.0, 1024)


def test_steps_are_read_in_their_order() -> None:
    manifest = parse_manifest(STEPS, FILES)
    assert isinstance(manifest.run, CallRun)
    assert [step["call"] for step in manifest.run.steps] == ["thing:Reader", "$reader.read"]
    assert manifest.run.control_steps is None
    assert manifest.run.show == ("$reader.state",)
    assert manifest.oracle.sizes == (8, 16, 32)


def test_a_script_is_read_with_its_control_and_input() -> None:
    manifest = parse_manifest(SCRIPT, FILES)
    assert manifest.run == ScriptRun(
        ("python", "files/trigger.py"), ("python", "files/trigger.py", "benign"), "files/input.txt"
    )
    assert manifest.target.fixed is None


# (text, what is replaced, by what, key that the problem must name, words that it must hold)
REFUSALS = [
    (CALL, '"clearinghouse.proof/1"', '"clearinghouse.proof/2"', "schema", "must be"),
    (CALL, "[runtime]", "[running]", "running", "unknown key"),
    (CALL, 'title = "walk() never ends"', 'titel = "x"', "claim.titel", "unknown key"),
    (CALL, 'title = "walk() never ends"', "title = 3", "claim.title", "text"),
    (CALL, 'title = "walk() never ends"', 'title = "  "', "claim.title", "not empty"),
    (CALL, '"walk() never ends"', f'"{"x" * 201}"', "claim.title", "at most 200"),
    (CALL, '["CWE-835"]', '["CWE-0"]', "claim.weakness[0]", "CWE"),
    (CALL, '["CWE-835"]', '["cwe-79"]', "claim.weakness[0]", "CWE"),
    (CALL, '["CWE-835"]', '"CWE-835"', "claim.weakness", "list of texts"),
    (CALL, '["CVE-2000-0001"]', "[1]", "claim.aliases", "list of texts"),
    (CALL, '["CVE-2000-0001"]', str(["x"] * 51), "claim.aliases", "at most 50"),
    (CALL, "CVSS:3.1/AV:N/AC:L", "CVSS:2.0/AV:N/AC:L", "claim.severity", "v3.1 or v4.0"),
    (CALL, "/A:H", "/A:Q", "claim.severity", "not a CVSS vector"),
    (CALL, "/A:H", "", "claim.severity", "not a CVSS vector"),
    (CALL, "pkg:pypi/Some_Package", "Some_Package", "target.package", "not a package URL"),
    (CALL, "pkg:pypi/Some_Package", "pkg:cargo/left-pad", "target.package", "not supported"),
    (CALL, "pkg:pypi/Some_Package", "pkg:npm/left-pad", "target.vulnerable", "one exact version"),
    (CALL, "pkg:pypi/Some_Package", "pkg:npm/left%20pad", "target.package", "not the name"),
    (CALL, "pkg:pypi/Some_Package", "pkg:npm/..%2Fleft-pad", "target.package", "not the name"),
    (CALL, "pkg:pypi/Some_Package", "pkg:pypi/a@1.0", "target.package", "without version"),
    (CALL, "pkg:pypi/Some_Package", "pkg:pypi/a?x=y", "target.package", "without version"),
    (CALL, "pkg:pypi/Some_Package", "pkg:pypi/ns/a", "target.package", "not the name"),
    (CALL, "pkg:pypi/Some_Package", "pkg:pypi/a%0A--pre", "target.package", "not the name"),
    (CALL, "pkg:pypi/Some_Package", "pkg:pypi/a%20%40%20https%3A%2F%2Fx", "target.package", "not the name"),
    (CALL, "pkg:pypi/Some_Package", "pkg:pypi/..%2F..%2Fetc", "target.package", "not the name"),
    (CALL, 'vulnerable = "1.0"', "", "target", 'needs the key "vulnerable"'),
    (CALL, 'vulnerable = "1.0"', 'vulnerable = ">=1.0"', "target.vulnerable", "one exact version"),
    (CALL, 'vulnerable = "1.0"', 'vulnerable = "1.*"', "target.vulnerable", "one exact version"),
    (CALL, 'vulnerable = "1.0"', 'vulnerable = "1.0\\n--pre"', "target.vulnerable", "one exact version"),
    (CALL, 'vulnerable = "1.0"', 'vulnerable = "1.0\\n"', "target.vulnerable", "one exact version"),
    (CALL, 'vulnerable = "1.0"', 'vulnerable = "latest"', "target.vulnerable", "one exact version"),
    (CALL, 'fixed = "1.1"', 'fixed = "1.0"', "target.fixed", "the same as"),
    (CALL, 'fixed = "1.1"', 'fixed = "v1.0.0"', "target.fixed", "the same as"),
    (CALL, "pkg:pypi/six@1.16.0", "pkg:pypi/six", "target.with[0]", "exact version"),
    (CALL, "pkg:pypi/six@1.16.0", "pkg:pypi/six@%3E1", "target.with[0]", "exact version"),
    (CALL, "pkg:pypi/six@1.16.0", "pkg:npm/six@1.16.0", "target.with[0]", "exact version"),
    (CALL, "pkg:pypi/six@1.16.0", "pkg:pypi/x%0A-r%20y@1", "target.with[0]", "not the name"),
    (CALL, "pkg:pypi/six@1.16.0", "six==1.16.0", "target.with[0]", "not a package URL"),
    (CALL, "pkg:pypi/six@1.16.0", "pkg:pypi/some.package@1.2", "target.with", "the target itself"),
    (CALL, 'version = "3.11"', 'version = "3"', "runtime.version", "not a Python version"),
    (CALL, 'version = "3.11"', 'language = "node"', "runtime.language", "does not fit"),
    (CALL, 'version = "3.11"', 'language = "native"', "runtime.language", "need the table [build]"),
    (CALL, 'version = "3.11"', 'language = "native"', "run", "run by argv"),
    (CALL, 'version = "3.11"', 'language = "native"\nversion = "3.11"', "runtime.version", "belongs to"),
    (CALL, 'call = "some.package:walk"', 'call = "some.package"', "run.call", "module:qualname"),
    (CALL, "some.package:walk", "some.package:walk.__globals__", "run.call", "double-underscore"),
    (CALL, "some.package:walk", "some.package:walk\\n", "run.call", "module:qualname"),
    (CALL, 'call = "some.package:walk"', 'argv = ["x"]', "run", "mixes two forms"),
    (CALL, 'call = "some.package:walk"', "", "run", "exactly one of"),
    (CALL, "wall_seconds = 10", "wall_seconds = 61", "run.wall_seconds", "60"),
    (CALL, "wall_seconds = 10", "wall_seconds = 0", "run.wall_seconds", "0.1"),
    (CALL, "wall_seconds = 10", "wall_seconds = nan", "run.wall_seconds", "number"),
    (CALL, "wall_seconds = 10", "wall_seconds = inf", "run.wall_seconds", "number"),
    (CALL, "wall_seconds = 10", "wall_seconds = true", "run.wall_seconds", "number"),
    (CALL, "wall_seconds = 10", "memory_mib = 0.5", "run.memory_mib", "16"),
    (CALL, "wall_seconds = 10", "memory_mib = 5000", "run.memory_mib", "4096"),
    (CALL, "wall_seconds = 10", 'tests = "pytest"', "run.tests", "list of texts"),
    (CALL, "wall_seconds = 10", "show = []", "run.show", "list of bound names"),
    (CALL, "wall_seconds = 10", 'show = ["$a.__dict__"]', "run.show[0]", "double-underscore"),
    (CALL, "wall_seconds = 10", "kwargs = [1]", "run.kwargs", "table"),
    (CALL, "HOME =", "LD_PRELOAD =", "run.env.LD_PRELOAD", "may not be set"),
    (CALL, "HOME =", "PYTHONPATH =", "run.env.PYTHONPATH", "may not be set"),
    (CALL, '"{{path:files/input.txt}}"', '"{{path:files/other.txt}}"', "run.env.HOME", "not a file of the bundle"),
    (CALL, '"{{path:files/input.txt}}"', "3", "run.env.HOME", "text"),
    (CALL, '"{{path:files/input.txt}}"', '"a\\u0000b"', "run.env.HOME", "zero byte"),
    (CALL, '{ HOME = "{{path:files/input.txt}}" }', '"HOME"', "run.env", "table of texts"),
    (CALL, '"$text" = "files/input.txt"', '"$text" = "files/../x"', "run.args[1]", "not a file of the bundle"),
    (CALL, '"$text" = "files/input.txt"', '"$eval" = "1"', "run.args[1]", "unknown value"),
    (CALL, 'name = "predicate"', 'name = "magic"', "oracle.name", "not an oracle"),
    (CALL, '"predicate"\ninsecure = "endless"', '"connect"\ncarrying = "key"', "oracle.carrying", 'must be "secret"'),
    (CALL, '"plain"', '"{{canary.url}}"', "run", "{{canary.url}} is no canary under the oracle predicate"),
    (CALL, "{{path:files/input.txt}}", "{{canary.reed}}", "run", "{{canary.reed}} is no canary"),
    (CALL, '"predicate"\ninsecure = "endless"', '"exception"', "oracle.type", "must name a class"),
    (CALL, '"predicate"\ninsecure = "endless"', '"exception"\ntype = "a.*"', "oracle.type", "must name a class"),
    (CALL, '"predicate"\ninsecure = "endless"', '"exception"\ntype = "builtins.Exception"', "oracle.type", "every"),
    (SCRIPT, 'name = "exec"', 'name = "exception"\ntype = "ValueError"', "oracle.name", "needs form 1"),
    (SCRIPT, '"benign"', '"{{canary.secret}}"', "run", "{{canary.secret}} is no canary under the oracle exec"),
    (CALL, 'insecure = "endless"', "", "oracle", 'needs the key "insecure"'),
    (CALL, '"endless"', '"("', "oracle.insecure", "not a regular expression"),
    (CALL, '"endless"', f'"{"x" * 501}"', "oracle.insecure", "500"),
    (CALL, '"endless"', '"endless"\nbudget_seconds = 1', "oracle.budget_seconds", "belongs to the oracle cpu"),
    (CALL, '"endless"', '"endless"\n[fix]\npatch = "../fix.patch"', "fix.patch", "not a file of the bundle"),
    (CALL, '"endless"', '"endless"\n[build]\nsanitizer = "thread"', "build.sanitizer", "none of"),
    (CALL, '"endless"', '"endless"\n[build]\nrun = ["sh", "files/x.sh"]', "build.run[1]", "not a file of the bundle"),
    (CALL, 'package = "pkg:pypi/Some_Package"', 'repository = "/etc"', "target.repository", "not the URL"),
    (CALL, 'package = "pkg:pypi/Some_Package"', 'repository = "https://x.invalid/x"', "target.with", "goes with"),
    (CALL, 'package = "pkg:pypi/Some_Package"', 'repository = "https://x.invalid/x"', "target.vulnerable", "commit"),
    (CALL, '"plain"', '{ "$size" = 1 }', "run", "$size"),
    (STEPS, 'call = "thing:Reader"', "", "run.step[0]", "exactly one of call"),
    (STEPS, 'as = "reader"', 'ass = "reader"', "run.step[0].ass", "unknown key"),
    (STEPS, 'call = "$reader.read"', 'call = "$reader.__class__"', "run.step[1].call", "double-underscore"),
    (STEPS, 'show = ["$reader.state"]', 'call = "thing:read"', "run", "exactly one of"),
    (STEPS, 'show = ["$reader.state"]', "control_args = [1]", "run", "args and control_args go with call"),
    (STEPS, "[8, 16, 32]", "[8, 16]", "oracle.sizes", "3 to 24"),
    (STEPS, "[8, 16, 32]", "[8, 32, 16]", "oracle.sizes", "growing"),
    (STEPS, "[8, 16, 32]", "[0, 8, 16]", "oracle.sizes", "growing"),
    (STEPS, "[8, 16, 32]", "[8, 16, true]", "oracle.sizes", "whole numbers"),
    (STEPS, '{ "$size" = 2 }', "2", "oracle.sizes", "$size in its values"),
    (STEPS, 'name = "cpu"\nsizes = [8, 16, 32]', 'name = "recursion"', "run", "only under the oracles cpu and memory"),
    (STEPS, 'name = "cpu"', 'name = "memory"\nbudget_mib = 4', "oracle.budget_mib", "from 8 to 512"),
    (STEPS, 'name = "cpu"', 'name = "memory"\nbudget_mib = 513', "oracle.budget_mib", "half of run.memory_mib"),
    (STEPS, 'name = "cpu"', 'name = "cpu"\nbudget_mib = 64', "oracle.budget_mib", "belongs to the oracle memory"),
    (STEPS, "sizes = [8, 16, 32]", "budget_seconds = 31", "oracle.budget_seconds", "0.1 to 30"),
    (STEPS, "sizes = [8, 16, 32]", 'insecure = "x"', "oracle.insecure", "belongs to the oracle predicate"),
    (SCRIPT, 'argv = ["python", "files/trigger.py"]', "argv = []", "run.argv", "list of texts"),
    (SCRIPT, 'argv = ["python", "files/trigger.py"]', "argv = [1]", "run.argv", "list of texts"),
    (SCRIPT, 'argv = ["python", "files/trigger.py"]', 'argv = ["files/../../x"]', "run.argv[0]", "leaves the bundle"),
    (SCRIPT, 'argv = ["python", "files/trigger.py"]', 'argv = ["files/x"]', "run.argv[0]", "not a file of the bundle"),
    (SCRIPT, 'argv = ["python", "files/trigger.py"]', 'argv = ["a\\u0000b"]', "run.argv[0]", "zero byte"),
    (SCRIPT, 'argv = ["python", "files/trigger.py"]', "", "run", 'needs the key "argv"'),
    (SCRIPT, 'stdin = "files/input.txt"', 'stdin = "input.txt"', "run.stdin", "not a file of the bundle"),
    (SCRIPT, 'stdin = "files/input.txt"', 'env = { HOME = "/" }', "run", "mixes two forms"),
    (SCRIPT, 'control = ["python", "files/trigger.py", "benign"]', "", "run", "needs a control"),
    (SCRIPT, 'name = "exec"', 'name = "cpu"\nsizes = [1, 2, 3]', "oracle.sizes", "form 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "key", "words"), REFUSALS)
def test_a_fault_is_named_with_its_key_and_its_line(text: str, old: str, new: str, key: str, words: str) -> None:
    found = [p for p in problems_of(spoilt(text, old, new)) if f": {key}: " in p and words in p]
    assert len(found) == 1, problems_of(spoilt(text, old, new))
    assert found[0].startswith("proof.toml line ")


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('title = "walk() never ends"', "title = 3", "title = 3"),
        ('package = "pkg:pypi/Some_Package"', 'package = "x"', 'package = "x"'),
        ("wall_seconds = 10", "wall_seconds = 100", "wall_seconds"),
        ("HOME =", "SHELL =", "env ="),
        ('insecure = "endless"', 'insecure = "("', "insecure ="),
    ],
)
def test_the_line_is_that_of_the_key(old: str, new: str, part: str) -> None:
    text = spoilt(CALL, old, new)
    assert [f"line {line_of(text, part)}:" in problem for problem in problems_of(text)] == [True]


def test_the_line_of_a_step_is_found_among_many() -> None:
    text = spoilt(STEPS, 'call = "$reader.read"', 'call = "os"')
    line = line_of(text, 'call = "os"')
    assert f"line {line}: run.step[1].call" in problems_of(text)[0]


@pytest.mark.parametrize("table", ["claim", "target", "run", "oracle"])
def test_a_missing_table_is_named(table: str) -> None:
    text = "\n\n".join(part for part in CALL.split("\n\n") if not part.startswith(f"[{table}]"))
    assert any(f"[{table}]" in problem and "missing" in problem for problem in problems_of(text))


@pytest.mark.parametrize("value", ['"text"', "3", "[1]"])
@pytest.mark.parametrize("table", ["claim", "target", "runtime", "run", "oracle", "fix"])
def test_what_should_be_a_table_must_be_one(table: str, value: str) -> None:
    rest = "\n\n".join(part for part in CALL.split("\n\n")[1:] if not part.startswith(f"[{table}]"))
    text = f'schema = "clearinghouse.proof/1"\n{table} = {value}\n\n{rest}'
    assert any(f": {table}: " in problem for problem in problems_of(text))


def test_every_fault_is_told_at_once() -> None:
    text = spoilt(spoilt(CALL, "title =", "titel ="), "wall_seconds = 10", "wall = 1")
    told = " ".join(problems_of(text))
    assert "claim.titel" in told
    assert "run.wall" in told


def test_a_fault_that_trigger_and_control_share_is_told_once() -> None:
    assert len(problems_of(spoilt(CALL, "some.package:walk", "some.package:__walk__"))) == 1


def test_a_control_is_required_where_no_fixed_release_is_named() -> None:
    without = spoilt(spoilt(CALL, 'fixed = "1.1"\n', ""), 'control_args = ["plain"]\n', "")
    assert ["needs a control" in problem for problem in problems_of(without)] == [True]
    assert parse_manifest(spoilt(CALL, 'fixed = "1.1"\n', ""), FILES).target.fixed is None
    assert parse_manifest(spoilt(CALL, 'control_args = ["plain"]\n', ""), FILES).target.fixed == "1.1"


def test_the_order_of_versions_is_not_checked() -> None:
    assert parse_manifest(spoilt(CALL, 'fixed = "1.1"', 'fixed = "0.9"'), FILES).target.fixed == "0.9"


@pytest.mark.parametrize("version", ["1!2.0", "2.0rc1", "1.0.post3", "1.0.dev4", "1.0+local.1", "2024.1.1"])
def test_every_spelling_of_one_exact_version_is_taken(version: str) -> None:
    manifest = parse_manifest(spoilt(CALL, 'vulnerable = "1.0"', f'vulnerable = "{version}"'), FILES)
    assert manifest.target.vulnerable == version


def test_a_severity_may_be_of_either_version() -> None:
    text = spoilt(CALL, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", CVSS4)
    assert parse_manifest(text, FILES).claim.severity == CVSS4


@pytest.mark.parametrize(
    "text",
    ["schema = ", "a = 1\na = 2", "[x]\n[x]", "\0", 'x = "\\q"', "x = " + "[" * 5000],
)
def test_what_is_not_toml_is_refused_as_that(text: str) -> None:
    assert ["proof.toml" in problem for problem in problems_of(text)] == [True]


def test_values_nested_without_end_are_refused() -> None:
    deep = "[run.kwargs" + ".a" * 300 + "]\nb = 1\n"
    assert any("nested deeper" in problem for problem in problems_of(CALL + deep))


def test_repeats_nested_without_end_are_refused() -> None:
    header = "run.step"
    text = STEPS.replace("[oracle]", "[unused]")
    for _ in range(400):
        text += f"\n[[{header}]]\nrepeat = 2\n"
        header += ".do"
    assert any("repeats inside repeats" in problem for problem in problems_of(text))


@pytest.mark.parametrize(
    ("name", "one"),
    [("Foo.Bar_baz", "foo-bar-baz"), ("a__-..b", "a-b"), ("plain", "plain")],
)
def test_a_project_has_one_name(name: str, one: str) -> None:
    assert normalised(name) == one


def test_the_problem_of_an_unknown_key_names_the_known_ones() -> None:
    with pytest.raises(
        InvalidBundle, match="budget_mib, budget_seconds, carrying, insecure, name, secure, sizes, type"
    ):
        parse_manifest(spoilt(CALL, "insecure", "insecurity"), FILES)


NPM = (
    CALL.replace("pkg:pypi/Some_Package", "pkg:npm/%40scope/Thing")
    .replace('"1.0"', '"1.0.0"')
    .replace('"1.1"', '"1.0.1"')
)
NPM = NPM.replace("pkg:pypi/six@1.16.0", "pkg:npm/ms@2.1.3").replace('version = "3.11"', 'version = "20"')


def test_an_npm_package_is_run_by_node_and_keeps_its_scope() -> None:
    manifest = parse_manifest(NPM, FILES)
    assert manifest.target.name == "@scope/thing"
    assert manifest.target.companions == (Companion("ms", "2.1.3"),)
    assert manifest.runtime == Runtime("node", "20")


def test_a_repository_is_compared_by_commits_and_built_by_a_recipe() -> None:
    commits = {"1.0": "a" * 40, "1.1": "b" * 40}
    text = SCRIPT.replace('package = "pkg:pypi/thing"', 'repository = "https://example.invalid/thing.git"')
    for version, commit in commits.items():
        text = text.replace(f'"{version}"', f'"{commit}"')
    manifest = parse_manifest(text + '\n[build]\nrun = ["make"]\nsanitizer = "none"\n', FILES)
    assert (manifest.target.ecosystem, manifest.target.vulnerable) == ("git", "a" * 40)
    assert manifest.runtime.language == "native"
    assert manifest.build == Build(("make",), "none")
