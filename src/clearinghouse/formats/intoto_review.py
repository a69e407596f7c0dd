"""Signed statements of a model review: the analysis plan before the first sample, the report after the last."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.review.plan import SignedPlan, instant
from clearinghouse.core.review.report import Report  # noqa: TC001  # `read` looks the types up
from clearinghouse.core.typed_json import canonical, members, read, strict_loads
from clearinghouse.formats.intoto import STATEMENT_TYPE

# Names and no addresses: nothing is to be fetched there. Another shape of a predicate gets another number.
PLAN_TYPE = "urn:openclearinghouse:review-plan:1"
REPORT_TYPE = "urn:openclearinghouse:review-report:1"

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAMES = ("_type", "subject", "predicateType", "predicate")


def write_plan(signed: SignedPlan) -> bytes:
    """The statement in its one spelling: the subject is the plan by its digest, the predicate the plan and the time."""
    subject = [{"name": "review-plan", "digest": {"sha256": signed.plan.digest}}]
    predicate = {"plan": signed.plan.as_json(), "signed_at": signed.signed_at}
    return canonical(dict(zip(_NAMES, (STATEMENT_TYPE, subject, PLAN_TYPE, predicate), strict=True)))


def read_plan(payload: bytes) -> SignedPlan:
    """The plan in a payload. Raises InvalidInput, naming the place, on all but what `write_plan` writes."""
    try:
        signed = read(SignedPlan, _predicate(payload, PLAN_TYPE), "predicate")
        _same(write_plan(signed), payload)
    except ValueError as error:
        raise InvalidInput(f"not a statement about a plan: {error}") from None
    return signed


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A report, the SHA-256 of the page that shows it, and the instant at which the signer's own clock saw both."""

    report: Report
    page: str
    signed_at: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.page):
            raise ValueError("page: must be 64 hexadecimal digits")
        instant(self.signed_at)


def write_report(signed: SignedReport) -> bytes:
    """The statement in its one spelling: the subjects are the page and the root over all samples."""
    subject = [
        {"name": "report.html", "digest": {"sha256": signed.page}},
        {"name": "samples", "digest": {"sha256": signed.report.root}},
    ]
    predicate = {"report": signed.report.as_json(), "page": signed.page, "signed_at": signed.signed_at}
    return canonical(dict(zip(_NAMES, (STATEMENT_TYPE, subject, REPORT_TYPE, predicate), strict=True)))


def read_report(payload: bytes) -> SignedReport:
    """The report in a payload. Raises InvalidInput, naming the place, on all but what `write_report` writes."""
    try:
        signed = read(SignedReport, _predicate(payload, REPORT_TYPE), "predicate")
        _same(write_report(signed), payload)
    except ValueError as error:
        raise InvalidInput(f"not a statement about a report: {error}") from None
    return signed


def _predicate(payload: bytes, kind: str) -> Any:
    statement = members(strict_loads(payload), set(_NAMES), "the statement")
    if statement["predicateType"] != kind:
        raise ValueError(f"predicateType: must be {kind!r}")
    return statement["predicate"]


def _same(written: bytes, payload: bytes) -> None:
    if written != payload:
        raise ValueError("not as this program writes it")
