"""`clearinghouse prove examples/proofs/*` gives the declared verdicts: real bugs are proven, hostile ones are not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest_parser import parse_manifest
from clearinghouse.core.proof import Grade, OracleName, Verdict
from clearinghouse.prover.runtimes.node.executables import all_nodes

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "examples" / "proofs"
EXPECTED = tomllib.loads((CORPUS / "expected.toml").read_text())
COMMAND = Path(sys.executable).parent / "clearinghouse"
PROVEN = {name for name, entry in EXPECTED.items() if entry["verdict"] == Verdict.PROVEN}

REAL = {name for name, entry in EXPECTED.items() if Verdict(entry["verdict"]).supports_the_claim}


def _is_npm(path: Path) -> bool:
    described = path / "proof.toml"
    return described.is_file() and 'package = "pkg:npm/' in described.read_text(errors="replace")


def _manifests() -> list[dict[str, Any]]:
    return [tomllib.loads((CORPUS / name / "proof.toml").read_text()) for name in sorted(PROVEN)]


def test_every_entry_of_the_corpus_has_one_declared_verdict() -> None:
    assert sorted(EXPECTED) == sorted(path.name for path in CORPUS.iterdir() if not path.name.startswith("."))
    assert [name for name, entry in EXPECTED.items() if entry["verdict"] not in set(Verdict)] == []


def test_the_corpus_is_wide_enough_to_mean_something() -> None:
    manifests = _manifests()
    assert len(manifests) >= 24
    assert len({manifest["target"]["package"] for manifest in manifests}) >= 14
    assert {manifest["oracle"]["name"] for manifest in manifests} == set(OracleName)
    assert len([manifest for manifest in manifests if "argv" not in manifest["run"]]) >= 16


def test_nothing_hostile_is_declared_to_support_its_claim() -> None:
    hostile = {name: entry["verdict"] for name, entry in EXPECTED.items() if name.startswith("hostile-")}
    assert len(hostile) >= 10
    assert [name for name, verdict in hostile.items() if Verdict(verdict).supports_the_claim] == []


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.sandbox
@pytest.mark.timeout(2400)
def test_the_prover_gives_every_entry_of_the_corpus_its_declared_verdict() -> None:
    paths = sorted(path for path in CORPUS.iterdir() if all_nodes() or not _is_npm(path))
    command = [str(COMMAND), "prove", "--json", *(str(path) for path in paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["path"] for answer in answers] == [str(path) for path in paths], result.stderr
    wrong = []
    for path, answer in zip(paths, answers, strict=True):
        declared = EXPECTED[path.name]
        seen = "; ".join(answer["reasons"])
        fits = answer["verdict"] == declared["verdict"] and all(text in seen for text in declared.get("mentions", []))
        if "grade" in declared:
            fits = fits and answer["grade"] == Grade(declared["grade"])
        if not fits:
            wrong.append(f"{path.name}: {answer['verdict']} {answer['grade']} ({seen}) instead of {declared}")
    assert wrong == []
    assert result.returncode == 65, "the corpus holds invalid bundles, so that is its exit code"


def respelt(bundle: Path, place: Path, vulnerable: str, fixed: str) -> Path:
    """A copy of a bundle that names other releases."""
    copy = place / bundle.name
    shutil.copytree(bundle, copy)
    manifest = copy / "proof.toml"
    text = manifest.read_text()
    for key, version in (("vulnerable", vulnerable), ("fixed", fixed)):
        text, changed = re.subn(rf'(?m)^{key} = ".*"$', f'{key} = "{version}"', text)
        assert changed == 1, f"{bundle.name} spells {key} in another way"
    manifest.write_text(text)
    return copy


@pytest.mark.parametrize("name", sorted(REAL))
def test_one_version_given_twice_is_refused_before_anything_runs(name: str, tmp_path: Path) -> None:
    target = tomllib.loads((CORPUS / name / "proof.toml").read_text())["target"]
    copy = respelt(CORPUS / name, tmp_path, target["vulnerable"], target["vulnerable"])
    files = [path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()]
    with pytest.raises(InvalidBundle, match=r"the same as target\.vulnerable"):
        parse_manifest((copy / "proof.toml").read_text(), files)


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.sandbox
@pytest.mark.timeout(2400)
def test_swapping_the_vulnerable_and_the_fixed_release_never_passes(tmp_path: Path) -> None:
    copies = []
    for name in sorted(REAL):
        target = tomllib.loads((CORPUS / name / "proof.toml").read_text())["target"]
        copies.append(respelt(CORPUS / name, tmp_path, target["fixed"], target["vulnerable"]))
    command = [str(COMMAND), "prove", "--json", *map(str, copies)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(copies), result.stderr
    # Each must have run: what was refused before a run would prove nothing of the prover.
    unrun = {Verdict.INVALID, Verdict.BUILD_FAILED, Verdict.INFRA_ERROR, Verdict.UNSUPPORTED}
    odd = [
        f"{Path(answer['path']).name}: {answer['verdict']} ({answer['reasons']})"
        for answer in answers
        if Verdict(answer["verdict"]).supports_the_claim or answer["verdict"] in unrun
    ]
    assert odd == []
