from __future__ import annotations

import pytest

from clearinghouse.core.errors import Conflict
from clearinghouse.core.proof import Verdict
from clearinghouse.core.report import TRANSITIONS, ReportKind, ReportState, kind_of, path_after, step


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_leads_a_proving_report_to_rest(verdict: Verdict) -> None:
    state = ReportState.PROVING
    for following in path_after(verdict):
        state = step(state, following)
    assert state in {ReportState.ATTACHED, ReportState.PARKED, ReportState.RETURNED}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_report_is_attached_exactly_when_the_verdict_supports_it(verdict: Verdict) -> None:
    assert (path_after(verdict)[-1] is ReportState.ATTACHED) is verdict.supports_the_claim


@pytest.mark.parametrize("verdict", [Verdict.INFRA_ERROR, Verdict.UNSUPPORTED])
def test_what_never_counts_against_a_finder_does_not_send_the_report_back(verdict: Verdict) -> None:
    assert ReportState.RETURNED not in path_after(verdict)


def test_a_state_that_the_table_does_not_allow_is_refused() -> None:
    with pytest.raises(Conflict, match="attached cannot become returned"):
        step(ReportState.ATTACHED, ReportState.RETURNED)


def test_every_state_can_be_reached_and_the_table_names_them_all() -> None:
    reached = {ReportState.RECEIVED}.union(*TRANSITIONS.values())
    assert reached == set(ReportState) == set(TRANSITIONS)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"PK\x03\x04rest", "x", ReportKind.PROOF),
        (b"\x1f\x8brest", "x", ReportKind.PROOF),
        (b"\x28\xb5\x2f\xfdrest", "x", ReportKind.PROOF),
        (b"\0" * 257 + b"ustar", "x", ReportKind.PROOF),
        (b"just words", "bundle.tar.gz", ReportKind.PROOF),
        (b'{"version": "2.1.0", "runs": []}', "x.json", ReportKind.SARIF),
        (b'\xef\xbb\xbf {"runs": 1}', "x", ReportKind.SARIF),
        (b'{"no": "findings"}', "x.sarif", ReportKind.TEXT),
        (b'{"runs": [', "x", ReportKind.TEXT),
        (b"{" * 100_000, "x", ReportKind.TEXT),
        ("Größe".encode(), "x.md", ReportKind.TEXT),
        (b"\xff\xfe\0", "x.md", ReportKind.OTHER),
        (b"a\0b", "x.md", ReportKind.OTHER),
    ],
)
def test_the_kind_of_a_report_is_read_from_its_bytes(content: bytes, name: str, kind: ReportKind) -> None:
    assert kind_of(content, name) is kind
