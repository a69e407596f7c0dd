"""The examples hold what they promise: all is declared, the demo's funnel adds up. Only reads, runs nothing."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clearinghouse.cli.demo_inputs import Inputs, read_inputs
from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import CallRun, Manifest
from clearinghouse.core.proof import Grade, OracleName, Verdict
from clearinghouse.core.report import ReportKind, ReportState, kind_of, path_after
from clearinghouse.intake.packing import read_submission
from clearinghouse.prover.bundle import read_bundle

EXAMPLES = Path(__file__).parents[2] / "examples"
PROOFS = EXAMPLES / "proofs"
REPORTS = EXAMPLES / "reports"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((PROOFS / "expected.toml").read_text(encoding="utf-8"))
REAL = sorted(name for name in EXPECTED if not name.startswith("hostile-") and name != "expected.toml")


@cache
def _manifests() -> dict[str, Manifest]:
    return {name: read_bundle(PROOFS / name).manifest for name in REAL}


def _demo() -> Inputs:
    return read_inputs(EXAMPLES / "demo.toml")


def _declared(path: Path) -> Verdict | None:
    """What becomes of a report of the demo, as far as files tell: bundles of finders are all meant to be proven."""
    if path.parent == PROOFS:
        return Verdict(EXPECTED[path.name]["verdict"])
    return Verdict.PROVEN if path.is_dir() else None


def test_every_entry_of_the_folder_is_declared_and_every_declaration_has_its_entry() -> None:
    assert sorted(EXPECTED) == sorted(entry.name for entry in PROOFS.iterdir())


def test_declarations_use_only_known_keys_verdicts_and_grades() -> None:
    for name, entry in EXPECTED.items():
        assert set(entry) <= {"verdict", "grade", "mentions"}, name
        assert entry["verdict"] in set(Verdict), name
        assert entry.get("grade", "A") in set(Grade), name


def test_an_invalid_entry_has_no_grade_and_says_what_its_reasons_mention() -> None:
    for name, entry in EXPECTED.items():
        if entry["verdict"] == Verdict.INVALID:
            assert entry["mentions"], name
            assert "grade" not in entry, name


def test_what_only_reading_can_refuse_is_refused_by_reading_with_the_words_declared() -> None:
    at_run_time = {name for name in EXPECTED if name.startswith(("hostile-companion-", "hostile-foreign-"))}
    for name, entry in EXPECTED.items():
        if entry["verdict"] == Verdict.INVALID and name not in at_run_time:
            with pytest.raises(InvalidBundle) as refused:
                read_bundle(PROOFS / name)
            for text in entry["mentions"]:
                assert text in str(refused.value), name
        else:
            assert read_bundle(PROOFS / name).id, name


def test_the_real_corpus_covers_14_packages_and_every_oracle_mostly_without_code_of_the_finder() -> None:
    manifests = _manifests()
    assert len(manifests) >= 24
    assert len({manifest.target.name for manifest in manifests.values()}) >= 14
    assert {manifest.oracle.name for manifest in manifests.values()} == set(OracleName)
    assert sum(isinstance(manifest.run, CallRun) for manifest in manifests.values()) >= 16


def test_real_bundles_are_declared_as_well_as_their_form_and_oracle_allow_and_no_better() -> None:
    for name, manifest in _manifests().items():
        by_text = manifest.oracle.name is OracleName.PREDICATE
        script = Grade.C if by_text else Grade.B
        grade = Grade.A if isinstance(manifest.run, CallRun) else script
        assert EXPECTED[name]["grade"] == grade, name
        assert EXPECTED[name]["verdict"] == (Verdict.DIFFERS if grade is Grade.C else Verdict.PROVEN), name


def test_no_real_bundle_needs_an_old_interpreter() -> None:
    for name, manifest in _manifests().items():
        version = manifest.runtime.version
        assert version is None or tuple(map(int, version.split("."))) >= (3, 11), name


def test_a_folder_is_named_after_the_vulnerability_and_the_package_it_is_about() -> None:
    for name, manifest in _manifests().items():
        assert name in {f"{alias.lower()}-{manifest.target.name}" for alias in manifest.claim.aliases}


def test_the_bundles_of_the_finders_are_well_formed_and_no_copies() -> None:
    ids = Counter(read_bundle(path).id for path in (*REPORTS.glob("*/*/"), *(PROOFS / name for name in REAL)))
    assert [bundle for bundle, count in ids.items() if count > 1] == []


def test_no_committed_example_is_large() -> None:
    sizes = {path: path.lstat().st_size for path in EXAMPLES.rglob("*")}
    assert [path for path, size in sizes.items() if size > 64 << 10] == []


def test_the_demo_sends_about_40_reports_of_four_finders_each_finder_its_own() -> None:
    reports = _demo().reports
    assert 36 <= len(reports) <= 50
    assert len({sent.finder for sent in reports}) == 4
    assert max(Counter((sent.finder, sent.path) for sent in reports).values()) == 1
    for sent in reports:
        assert sent.path.parent == PROOFS or sent.path.parent == REPORTS / sent.finder, sent.key


def test_the_demo_sends_every_report_without_proof() -> None:
    files = {path for path in REPORTS.glob("*/*") if path.is_file()}
    assert files == {sent.path for sent in _demo().reports if sent.path.is_file()} - set(PROOFS.iterdir())


def test_reports_without_proof_are_read_as_what_they_are() -> None:
    for path in REPORTS.glob("*/*.*"):
        kind = ReportKind.SARIF if path.suffix == ".sarif" else ReportKind.TEXT
        assert kind_of(read_submission(path)) is kind, path
        if kind is ReportKind.SARIF:
            assert json.loads(path.read_text(encoding="utf-8"))["version"] == "2.1.0"


def test_the_funnel_that_the_demo_demands_follows_from_its_inputs() -> None:
    demo = _demo()
    verdicts = {sent.key: _declared(sent.path) for sent in demo.reports}
    ends = Counter(path_after(v)[-1] if v is not None else ReportState.PARKED for v in verdicts.values())
    proven = {key for key, verdict in verdicts.items() if verdict is not None and verdict.supports_the_claim}
    bundles = {read_bundle(s.path).id for s in demo.reports if verdicts[s.key] not in {None, Verdict.INVALID}}
    counts = demo.expected.counts
    assert counts["reports"] == len(demo.reports)
    assert counts["proofs"] == len(bundles)
    assert counts["proven"] == len(proven) == ends[ReportState.ATTACHED]
    assert counts["parked"] == ends[ReportState.PARKED]
    assert counts["returned"] == ends[ReportState.RETURNED]


def test_every_proven_report_of_the_demo_is_demanded_in_exactly_one_case_and_nothing_else_is() -> None:
    demo = _demo()
    proven = {s.key for s in demo.reports if (v := _declared(s.path)) is not None and v.supports_the_claim}
    grouped = [key for group in demo.expected.together for key in group]
    assert sorted(grouped) == sorted(proven)
    assert demo.expected.counts["cases"] == demo.expected.counts["published"] == len(demo.expected.together)


def test_the_demo_holds_different_bugs_of_one_release_that_must_stay_apart() -> None:
    demo = _demo()
    targets = {s.key: read_bundle(s.path).manifest.target for s in demo.reports if _declared(s.path) is Verdict.PROVEN}
    same_release = [
        (a, b)
        for a, b in demo.expected.apart
        if (targets[a].name, targets[a].fixed) == (targets[b].name, targets[b].fixed)
    ]
    assert len(same_release) >= 2
