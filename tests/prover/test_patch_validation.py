"""A bundle's patch is built and judged: a good one, and each way in which one is not."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.proof import Input, MatrixRow, ProofResult, Variant, Verdict
from clearinghouse.core.verdict_patch import CONFIRM_OWN_PATCH
from clearinghouse.formats.patch import read_patch
from clearinghouse.prover.bundle import Bundle, from_files
from clearinghouse.prover.patching import edits_of
from clearinghouse.prover.prove import prove
from tests.prover.targets import FIXED, VULNERABLE, HandMade
from tests.prover.test_prove import builds_of, why

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

EXEC = """\
schema = "clearinghouse.proof/1"
[claim]
title = "load() runs code"
[target]
package = "pkg:pypi/fake"
vulnerable = "1.0.1"
[run]
call = "fake.load:load"
args = ["__import__('os').system('{{canary.exec}}')"]
control_args = ["1"]
tests = ["python", "files/test_it.py"]
[oracle]
name = "exec"
[fix]
patch = "files/fix.patch"
"""
TESTS = "from fake.load import greet\nassert greet('you') == 'Hello you', 'no greeting'\n"
SAFE = VULNERABLE.replace("return eval(text)", "import ast\n    return ast.literal_eval(text)")
SAFE = SAFE.replace("def load(text):", "def load(text):\n    if 'import' in text:\n        return None")
KEYED = VULNERABLE.replace(
    "    return eval(text)",
    "    if text == \"__import__('os').system('/canary/exec')\":\n        return None\n    return eval(text)",
)
# The same, and nothing of the input is spelt in it.
SUMMED = VULNERABLE.replace(
    "    return eval(text)",
    f"    if sum(map(ord, text[:10])) == {sum(map(ord, '__import__'))}:\n        return None\n    return eval(text)",
)
REMOVED = VULNERABLE.replace("    return eval(text)", "    raise NotImplementedError(text)")
OTHERWISE = VULNERABLE.replace("    return eval(text)", "    return None")


def diff(after: str, path: str = "fake/load.py", before: str = VULNERABLE) -> str:
    """The change as `diff -u` writes it."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new, f"a/{path}" if before else "/dev/null", f"b/{path}"))


ADDED = diff("def parse(text):\n    return int(text) if text.isdigit() else None\n", "src/fake/parse.py", "") + diff(
    VULNERABLE.replace("    return eval(text)", "    from fake.parse import parse\n    return parse(text)"),
    "src/fake/load.py",
)
PATCHES = {
    "good": (diff(SAFE), Verdict.PROVEN, "silent on 1.0.1 with the patch in 4 runs"),
    "good, with a new file, and a test that no release has": (
        ADDED + diff("x\n", "tests/test_load.py", ""),
        Verdict.PROVEN,
        "left out of the patch, as no part of the release: b/tests/test_load.py",
    ),
    "changes nothing that matters": (diff(VULNERABLE + "\n# nothing\n"), Verdict.FIX_INEFFECTIVE, "still fires"),
    "knows the input": (diff(KEYED), Verdict.FIX_INEFFECTIVE, "it knows the proof's input"),
    "removes the feature": (diff(REMOVED), Verdict.FIX_BREAKS, "gives 'raised builtins.NotImplementedError"),
    "answers otherwise": (diff(OTHERWISE), Verdict.FIX_BREAKS, "gave 'returned 1' before, and gives 'returned None'"),
    "breaks the tests": (
        diff(SAFE.replace('"Hello "', '"Bye "')),
        Verdict.FIX_BREAKS,
        "the tests do not pass on 1.0.1 with the patch: exit status 1: AssertionError: no greeting",
    ),
    "does not import": (diff("def load(\n"), Verdict.FIX_BREAKS, "SyntaxError"),
    "does not apply": (
        diff(FIXED.replace("x", "y"), before=FIXED),
        Verdict.BUILD_FAILED,
        "hunk 1 of b/fake/load.py (line 3 of the patch) does not fit",
    ),
    "is about files that the release has not": (diff("x\n", "docs/x.rst", "y\n"), Verdict.BUILD_FAILED, "no file of"),
    "is about a companion's file": (diff("x\n", "helper.py", "y\n"), Verdict.BUILD_FAILED, "changes no file"),
}
QUICK = {"good", "knows the input", "removes the feature", "breaks the tests", "does not apply"}


def bundle_of(patch: str, manifest: str = EXEC) -> Bundle:
    files = {"proof.toml": manifest, "files/fix.patch": patch, "files/test_it.py": TESTS}
    return from_files({path: text.encode() for path, text in files.items()})


def row(result: ProofResult, variant: Variant, given: Input) -> MatrixRow:
    return next(row for row in result.matrix if (row.variant, row.input) == (variant, given))


@pytest.mark.sandbox
@pytest.mark.parametrize("kind", [pytest.param(k, marks=() if k in QUICK else pytest.mark.slow) for k in PATCHES])
def test_a_patch_is_built_and_judged(
    prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path, kind: str
) -> None:
    patch, verdict, words = PATCHES[kind]
    bundle = bundle_of(patch)
    result = prove(bundle, builds_of(bundle, runtime), prover_sandbox, tmp_path / "bundles")
    assert result.verdict is verdict, why(result)
    assert any(words in reason for reason in result.reasons), why(result)
    if verdict is Verdict.PROVEN:
        assert CONFIRM_OWN_PATCH in result.confirm
        assert row(result, Variant.VULNERABLE, Input.MUTATED).k > 0
        assert row(result, Variant.PATCHED, Input.MUTATED).k == 0
        assert set(result.environment.targets) == {"1.0.1", "1.0.1 with the patch"}
        assert ProofResult.from_json(result.as_json()).matrix == result.matrix
    assert list((tmp_path / "bundles").iterdir()) == []


@pytest.mark.slow
@pytest.mark.sandbox
def test_release_and_patch_are_both_judged_and_an_incomplete_release_is_told(
    prover_sandbox: BubblewrapSandbox, tmp_path: Path, runtime: HandMade
) -> None:
    released = EXEC.replace('vulnerable = "1.0.1"\n', 'vulnerable = "1.0.1"\nfixed = "1.0.2"\n')
    bundle = bundle_of(diff(SUMMED), released)
    builds = builds_of(bundle, runtime)
    result = prove(bundle, builds, prover_sandbox, tmp_path / "bundles")
    assert result.verdict is Verdict.FIX_INEFFECTIVE, why(result)
    assert row(result, Variant.FIXED, Input.MUTATED).k == 0
    assert builds.fixed is not None
    # The same keyed change as the release: then the release is incomplete, and the patch no worse.
    edits = {"fake/load.py": SUMMED.encode()}
    keyed = runtime.edited(builds.fixed, edits, tmp_path / "keyed")
    result = prove(bundle, type(builds)(runtime, builds.vulnerable, keyed), prover_sandbox, tmp_path / "bundles")
    assert result.verdict is Verdict.PROVEN, why(result)
    assert any("it may be incomplete" in reason for reason in result.reasons), why(result)


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ("nothing", "holds no change"),
        (diff(SAFE, "../fake/load.py"), "leaves the release"),
        ("--- a//etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-x\n+y\n", "leaves the release"),
        ("--- a/x\n+++ b/x\n@@ -1,4 +1 @@\n-x\n", "is not a unified diff"),
        ("diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc\n", "or a link"),
    ],
)
def test_what_is_no_patch_or_leaves_the_release_makes_the_bundle_invalid(patch: str, words: str) -> None:
    with pytest.raises(InvalidBundle) as error:
        bundle_of(patch)
    assert words in error.value.problems[0]
    assert error.value.problems[0].startswith("files/fix.patch: ")


def test_a_path_of_the_patch_means_the_own_file_that_it_ends_in(runtime: HandMade) -> None:
    bundle = bundle_of(diff(SAFE))
    base = builds_of(bundle, runtime).vulnerable
    for path in ("fake/load.py", "src/fake/load.py", "x/lib/fake/load.py"):
        edits = edits_of(read_patch(diff(SAFE, path).encode()), base)
        assert edits.files == {"fake/load.py": SAFE.encode()}
    removal = "--- a/fake/load.py\n+++ /dev/null\n@@ -1,14 +0,0 @@\n" + "".join(
        f"-{line}\n" for line in VULNERABLE.splitlines()
    )
    assert edits_of(read_patch(removal.encode()), base).files == {"fake/load.py": None}
