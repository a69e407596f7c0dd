"""The file of a report, `report.json`: what is signed, the same to be read, and the rows under its root.

One spelling, so that no byte changes unseen: the envelope covers the report, the report's root covers the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.errors import InvalidInput, NotVerified
from clearinghouse.core.review import leaves
from clearinghouse.core.review.leaves import Results, Row, read_row
from clearinghouse.core.review.report import Report, compute
from clearinghouse.core.typed_json import canonical, members, strict_loads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearinghouse.formats.intoto_review import SignedReport

FILE_SCHEMA: Final = "clearinghouse.review-report-file/1"
_ADVICE = "get the file again, byte for byte as it was written"


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What the file holds. Nothing in it is believed before `check`."""

    envelope: bytes
    report: Report
    rows: tuple[Row, ...]

    def as_json(self) -> dict[str, Any]:
        """The file as JSON values."""
        return {
            "schema": FILE_SCHEMA,
            "envelope": strict_loads(self.envelope),
            "report": self.report.as_json(),
            "samples": [row.as_json() for row in self.rows],
        }

    @property
    def content(self) -> bytes:
        """The file's bytes: canonical JSON on one line."""
        return canonical(self.as_json()) + b"\n"


def read_file(content: bytes) -> ReportFile:
    """The file. Raises InvalidInput, naming the place, for any other spelling than ours."""
    try:
        document = members(strict_loads(content), {"schema", "envelope", "report", "samples"}, "the report")
        if document["schema"] != FILE_SCHEMA:
            raise ValueError(f"schema: must be {FILE_SCHEMA!r}")  # noqa: TRY301  # one error for all faults
        rows = [read_row(value, f"samples[{i}]") for i, value in enumerate(_list(document["samples"]))]
        report = Report.from_json(document["report"])
        found = ReportFile(canonical(document["envelope"]) + b"\n", report, tuple(rows))
        if found.content != content:
            raise ValueError("not spelt as this program writes it")  # noqa: TRY301  # one error for all faults
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"not the file of a report: {error}", advice=_ADVICE) from None
    return found


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("samples: must be a list")  # noqa: TRY004  # one error for all faults
    return value


def check(found: ReportFile, signed: SignedReport) -> bool:
    """Whether the figures could be computed anew, and are the same; False: too little is disclosed for it.

    Raises NotVerified, saying what does not hold: report, samples or figures.
    """
    if found.report != signed.report:
        raise NotVerified("report: says otherwise than what was signed", advice=_ADVICE)
    if len(found.rows) != signed.report.size:
        raise NotVerified(f"samples: {len(found.rows)} where {signed.report.size} were signed", advice=_ADVICE)
    if leaves.root(found.rows) != signed.report.root:
        raise NotVerified("samples: are not those under the root that was signed", advice=_ADVICE)
    results = leaves.disclosed(found.rows)
    if results is None or not _whole(results, signed.report):
        return False
    tasks = {one.task: leaves.task_of(one) for one in results}
    if compute(signed.report.plan, list(tasks.values()), [leaves.sample_of(one) for one in results]) != (
        signed.report.computed
    ):
        raise NotVerified("figures: do not follow from the samples", advice="ask whoever signed the report")
    return True


def _whole(results: Sequence[Results], report: Report) -> bool:
    """Whether every task and project of the suite left a sample: only then are they all known."""
    tried = {family: len({one.task for one in results if one.family == family}) for family in report.suite.tasks}
    return tried == report.suite.tasks and len({one.project for one in results}) == report.suite.projects


def redacted(found: ReportFile, rows: tuple[Row, ...]) -> ReportFile:
    """The same report with fewer halves of rows disclosed: what was signed stays as it was."""
    return replace(found, rows=rows)
