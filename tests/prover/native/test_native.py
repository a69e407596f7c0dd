"""Native targets: commits of a checkout are built in the sandbox, run under a sanitizer, and held to the controls."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.core.proof import Verdict
from clearinghouse.prover.building.toolchain import toolchain_for
from clearinghouse.prover.builds import Builds, NotBuilt, build
from clearinghouse.prover.bundle import Bundle, from_files
from clearinghouse.prover.cache import Cache
from clearinghouse.prover.prove import prove
from clearinghouse.prover.runtimes.interface import ProvisionError, Workbench

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.proof import ProofResult
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

REPOSITORY = "https://example.invalid/thing.git"
READS = """
#include <stdio.h>
#include <string.h>
#include "length.h"
int checksum(const char *text, int size) {
    int sum = 0;
    for (int index = 0; index < size LIMIT; index++) sum += text[index];
    return sum;
}
"""
MAIN = """
#include <stdlib.h>
#include <string.h>
int checksum(const char *text, int size);
int main(int count, char **words) {
    char *copy = strdup(words[1]);
    int sum = checksum(copy, atoi(words[2]));
    free(copy);
    return sum < 0;
}
"""
HEADER = "static inline int smaller(int a, int b) { return a < b ? a : b; }\n"
MANIFEST = """
schema = "clearinghouse.proof/1"
[claim]
title = "checksum reads past the end"
[target]
repository = "{repository}"
vulnerable = "{vulnerable}"
fixed = "{fixed}"
[runtime]
language = "native"
[build]
run = {recipe}
sanitizer = "{sanitizer}"
[run]
argv = {argv}
control = {control}
[oracle]
name = "sanitizer"
"""
CC = '["cc", "-Isrc", "src/*.c", "-o", "thing"]'


@dataclass(frozen=True)
class Checkout:
    path: Path
    vulnerable: str
    fixed: str


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.invalid", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    try:
        toolchain_for("address")
    except ClearinghouseError as missing:
        pytest.skip(str(missing))
    folder = tmp_path_factory.mktemp("checkout")
    git(folder, "init", "-q")
    (folder / "src").mkdir()
    (folder / "src/main.c").write_text(MAIN)
    (folder / "src/length.h").write_text(HEADER)
    commits = []
    for limit in ("", "&& index < smaller(size, (int)strlen(text))"):
        (folder / "src/checksum.c").write_text(READS.replace("LIMIT", limit))
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", "x")
        commits.append(git(folder, "rev-parse", "HEAD"))
    # What a checkout configures must not run: a filter and a hook would.
    (folder / ".git/info").mkdir(exist_ok=True)
    (folder / ".git/info/attributes").write_text("*.c filter=evil\n")
    git(folder, "config", "filter.evil.smudge", f"touch {folder}/ran")
    return Checkout(folder, *commits)


@pytest.fixture(scope="module")
def workbench(
    checkout: Checkout, prover_sandbox: BubblewrapSandbox, tmp_path_factory: pytest.TempPathFactory
) -> Workbench:
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o755)
    return Workbench(Cache(folder), prover_sandbox, {REPOSITORY: checkout.path})


def bundle(checkout: Checkout, recipe: str = CC, files: dict[str, bytes] | None = None, **given: str) -> Bundle:
    text = MANIFEST.format(
        repository=REPOSITORY,
        vulnerable=checkout.vulnerable,
        fixed=checkout.fixed,
        recipe=recipe,
        **{
            "sanitizer": "address",
            "argv": '["thing", "word", "20"]',
            "control": '["thing", "word", "4"]',
            **given,
        },
    )
    return from_files({"proof.toml": text.encode(), **(files or {})})


def proven(bench: Workbench, subject: Bundle, state: Path) -> ProofResult:
    builds = build(subject.manifest, replace(bench, files=subject.files))
    assert isinstance(builds, Builds), builds
    return prove(subject, builds, bench.sandbox, state)


pytestmark = pytest.mark.sandbox


@pytest.mark.slow
def test_a_memory_error_in_the_targets_source_is_proven_and_named(
    checkout: Checkout, workbench: Workbench, tmp_path: Path
) -> None:
    result = proven(workbench, bundle(checkout), tmp_path)
    assert result.verdict is Verdict.PROVEN, result.reasons
    assert result.grade == "B"
    assert result.confirm
    assert result.function == "src/checksum.c:checksum"
    assert any("AddressSanitizer: heap-buffer-overflow, READ of size 1" in row.signature for row in result.matrix)
    assert not (checkout.path / "ran").exists()


@pytest.mark.slow
def test_a_recipe_that_could_put_the_fault_there_itself_is_for_a_person(
    checkout: Checkout, workbench: Workbench, tmp_path: Path
) -> None:
    script = b'"$CC" $CFLAGS -Isrc src/*.c -o "$OUT/thing"\n'
    result = proven(workbench, bundle(checkout, '["sh", "files/build.sh"]', {"files/build.sh": script}), tmp_path)
    assert result.verdict is Verdict.NEEDS_HUMAN
    assert any("the recipe starts sh" in reason for reason in result.reasons)


@pytest.mark.slow
def test_a_program_of_the_finders_own_fires_without_the_target_too(
    checkout: Checkout, workbench: Workbench, tmp_path: Path
) -> None:
    own = b"#include <stdlib.h>\nint main(int c, char **w) { char *p = malloc(4); return p[atoi(w[2])]; }\n"
    script = b'"$CC" $CFLAGS /proof/files/own.c -o "$OUT/thing"\n'
    files = {"files/build.sh": script, "files/own.c": own}
    result = proven(
        workbench, bundle(checkout, '["sh", "files/build.sh"]', files, control='["thing", "x", "0"]'), tmp_path
    )
    assert result.verdict is Verdict.NOT_REPRODUCED
    assert any("inert stub" in reason for reason in result.reasons)


def test_edits_change_the_source_and_build_anew(checkout: Checkout, workbench: Workbench, tmp_path: Path) -> None:
    builds = build(bundle(checkout).manifest, workbench)
    assert isinstance(builds, Builds)
    root, sources = builds.vulnerable.editable
    assert {"src/checksum.c", "src/main.c", "src/length.h"} == set(sources)
    tmp_path.chmod(0o755)
    changed = (root / "src/main.c").read_bytes().replace(b"sum < 0", b"0")
    edited = builds.runtime.edited(builds.vulnerable, {"src/main.c": changed}, tmp_path / "edited")
    assert edited.source is not None
    assert (edited.source / "src/main.c").read_bytes() == changed
    assert (edited.tree / "thing").is_file()
    assert edited.digest != builds.vulnerable.digest
    with pytest.raises(ProvisionError, match="the build failed") as caught:
        builds.runtime.edited(builds.vulnerable, {"src/main.c": b"int main("}, tmp_path / "broken")
    assert caught.value.kind == "build_failed"


def test_a_fuzz_target_is_given_its_files_by_the_engine(
    checkout: Checkout, workbench: Workbench, tmp_path: Path
) -> None:
    fuzz = b"""#include <stdint.h>
#include <stddef.h>
int checksum(const char *text, int size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return checksum((const char *)data, (int)size + 1), 0; }
"""
    script = b'"$CC" $CFLAGS -Isrc src/checksum.c /proof/files/fuzz.c "$LIB_FUZZING_ENGINE" -o "$OUT/fuzz"\n'
    files = {"files/build.sh": script, "files/fuzz.c": fuzz}
    subject = bundle(checkout, '["sh", "files/build.sh"]', files)
    builds = build(subject.manifest, replace(workbench, files=subject.files))
    assert isinstance(builds, Builds), builds
    assert (builds.vulnerable.tree / "fuzz").is_file()


def test_a_repository_without_checkout_is_unsupported_and_says_what_to_do(
    checkout: Checkout, workbench: Workbench
) -> None:
    answer = build(bundle(checkout).manifest, replace(workbench, checkouts={}))
    assert isinstance(answer, NotBuilt)
    assert answer.verdict is Verdict.UNSUPPORTED
    assert f"--checkout {REPOSITORY}=PATH" in answer.reason


def test_a_commit_that_the_checkout_does_not_have_is_no_release(checkout: Checkout, workbench: Workbench) -> None:
    unknown = replace(checkout, vulnerable="0" * 40)
    answer = build(bundle(unknown).manifest, workbench)
    assert isinstance(answer, NotBuilt)
    assert answer.verdict is Verdict.BUILD_FAILED
