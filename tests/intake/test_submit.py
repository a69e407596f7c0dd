from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from clearinghouse.core.errors import InvalidInput, UsageError
from clearinghouse.core.report import MAX_REPORT_BYTES, ReportState
from clearinghouse.core.visibility import LOCAL, PUBLIC
from clearinghouse.intake import queries
from clearinghouse.intake.packing import read_submission
from clearinghouse.proofs import blobs
from clearinghouse.prover.bundle import read_archive, read_bundle
from tests.intake.factories import house
from tests.proofs.factories import Sketch, archive
from tests.proofs.simulator import Bug

pytestmark = pytest.mark.django_db
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "lint"}},
            "results": [{"ruleId": "r1", "message": {"text": "bad"}}, {"message": {"text": "worse"}}],
        }
    ],
}


def test_a_report_is_kept_byte_for_byte_with_who_and_when() -> None:
    clearing = house()
    content = "Käse: weak\r\n".encode()
    receipt = clearing.send(content, finder="Lab  One")
    row = queries.report(receipt.id, actor=LOCAL)
    assert row is not None
    assert blobs.read(row.sha256) == content
    assert (row.row.finder, row.row.received_at) == ("Lab One", receipt.received_at)


def test_the_same_bytes_from_the_same_finder_are_one_report() -> None:
    clearing = house(alpha=Bug("m:f"))
    first, again = clearing.send(Sketch("alpha"), finder="Lab One"), clearing.send(Sketch("alpha"), finder="lab one")
    assert (first.known, again.known) == (False, True)
    assert first.id == again.id
    assert len(queries.reports(actor=LOCAL)) == 1


def test_the_same_bundle_from_two_finders_is_two_reports_and_one_proof() -> None:
    clearing = house(alpha=Bug("m:f"))
    one, two = clearing.send(Sketch("alpha"), finder="Lab One"), clearing.send(Sketch("alpha"), finder="Lab Two")
    assert one.id != two.id
    assert one.bundle_id == two.bundle_id
    clearing.work()
    assert [call[0] for call in clearing.prover.calls] == ["prove"]
    assert {row.state for row in queries.reports(actor=LOCAL)} == {ReportState.ATTACHED}


def test_a_report_whose_proof_was_settled_before_is_answered_too() -> None:
    clearing = house(alpha=Bug("m:f"))
    clearing.send(Sketch("alpha"), finder="Lab One")
    clearing.work()
    clearing.send(Sketch("alpha"), finder="Lab Two")
    clearing.work()
    rows = queries.reports(actor=LOCAL)
    assert [(row.state, row.case_id) for row in rows] == [(ReportState.ATTACHED, "CLH-2026-00001")] * 2
    assert len(clearing.prover.calls) == 1


def test_prose_and_sarif_are_kept_as_findings_of_grade_d_and_never_proven() -> None:
    clearing = house()
    prose = clearing.send(b"# Overflow in gizmo\n\nTrust me.")
    sarif = clearing.send(json.dumps(SARIF).encode())
    clearing.work()
    assert (prose.state, prose.title) == (ReportState.PARKED, "Overflow in gizmo")
    assert (sarif.state, sarif.title) == (ReportState.PARKED, "2 results of lint")
    detail = queries.report(sarif.id, actor=LOCAL)
    assert detail is not None
    assert [(f.title, f.rule, f.grade) for f in detail.findings] == [("bad", "r1", "D"), ("worse", "", "D")]
    assert clearing.prover.calls == []


def test_a_broken_bundle_is_kept_and_goes_back_with_its_faults() -> None:
    receipt = house().send(b"PK\x03\x04 not really", name="bundle.zip")
    assert receipt.state is ReportState.RETURNED
    assert "bundle.zip" in receipt.reasons[0]


def test_what_nobody_can_read_is_kept_and_goes_back() -> None:
    receipt = house().send(b"\xff\x00\xfe")
    assert (receipt.kind, receipt.state) == ("other", ReportState.RETURNED)


def test_an_oversized_report_is_refused_at_the_door() -> None:
    with pytest.raises(InvalidInput, match="larger than 24 MiB"):
        house().send(b"\0" * (MAX_REPORT_BYTES + 1))
    assert queries.reports(actor=LOCAL) == ()


@pytest.mark.parametrize("name", ["", "   ", "\u202eLab", "x" * 101, "\0"])
def test_a_finder_needs_a_usable_name(name: str) -> None:
    with pytest.raises(UsageError, match="no usable name"):
        house().send(b"text", finder=name)


def test_a_hostile_file_name_stays_on_one_line() -> None:
    receipt = house().send(b"text", name="a\nb\x1b[31m" + "x" * 400)
    assert receipt.name.isprintable()
    assert len(receipt.name) <= 255


def test_the_public_sees_no_report() -> None:
    receipt = house().send(b"text")
    assert queries.reports(actor=PUBLIC) == ()
    assert queries.report(receipt.id, actor=PUBLIC) is None


def test_every_state_of_a_report_is_in_the_journal() -> None:
    clearing = house(alpha=Bug("m:f"))
    receipt = clearing.send(Sketch("alpha"))
    clearing.work()
    detail = queries.report(receipt.id, actor=LOCAL)
    assert detail is not None
    kinds = [entry.kind.removeprefix("report ") for entry in detail.journal]
    assert kinds == ["received", "screened", "proving", "proven", "attached"]


def write(folder: Path, content: bytes) -> Path:
    with tarfile.open(fileobj=io.BytesIO(content)) as packed:
        packed.extractall(folder, filter="data")
    return folder


def test_a_folder_is_read_as_the_bundle_it_is(tmp_path: Path) -> None:
    folder = write(tmp_path, archive(Sketch("alpha")))
    assert read_archive(read_submission(folder)).id == read_bundle(folder).id
    assert read_submission(folder) == read_submission(folder)


def test_a_folder_with_a_link_is_kept_with_the_link_unfollowed_and_goes_back(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", archive(Sketch("alpha")))
    (tmp_path / "secret").write_text("secret words")
    (folder / "link").symlink_to(tmp_path / "secret")
    content = read_submission(folder)
    assert b"secret words" not in content
    receipt = house().send(content)
    assert receipt.state is ReportState.RETURNED
    assert "link" in receipt.reasons[0]


def test_a_folder_with_a_pipe_does_not_hang_and_goes_back(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", archive(Sketch("alpha")))
    os.mkfifo(folder / "pipe")
    receipt = house().send(read_submission(folder))
    assert receipt.state is ReportState.RETURNED


def test_what_is_not_there_or_too_large_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_submission(tmp_path / "absent")
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(MAX_REPORT_BYTES + 1)
    for path in (large, tmp_path):
        with pytest.raises(InvalidInput, match="larger than 24 MiB"):
            read_submission(path)
    with pytest.raises(InvalidInput, match="no regular file"):
        read_submission(Path("/dev/null"))


def test_hostile_words_are_kept_whatever_the_database_holds() -> None:
    """NUL, halves of characters and texts longer than any column, in a bundle and in scanner results."""
    clearing = house()
    bundle = clearing.send(Sketch("alpha", title="nul\x00 and more", aliases=("CVE-1\x00", "x" * 300)))
    place = {"physicalLocation": {"artifactLocation": {"uri": "u\x00" * 600}}}
    results = [
        {"ruleId": "r\x00" * 200, "message": {"text": "m\ud800" * 900}},
        {"message": {"text": "fine"}, "locations": [place]},
    ]
    sarif = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t\x00" * 400}}, "results": results}]}
    scan = clearing.send(json.dumps(sarif).encode(), name="scan\x00.sarif")
    clearing.work()
    assert bundle.state is ReportState.PROVING
    assert scan.state in {ReportState.PARKED, ReportState.RETURNED}
    assert "\x00" not in bundle.title + scan.title
    assert len(scan.title) <= 500
