"""`clearinghouse submit` and `clearinghouse report …`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.output import put, put_line, say, table
from clearinghouse.core.errors import ClearinghouseError, NotFound
from clearinghouse.core.visibility import Viewer

if TYPE_CHECKING:
    from clearinghouse.intake.services import Receipt

app = typer.Typer(help="Look at reports.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, one object a line.")]


def submit(
    paths: Annotated[
        list[Path], typer.Argument(help="Proof bundles (folder or archive), SARIF 2.1.0, Markdown or text.")
    ],
    finder: Annotated[str, typer.Option("--finder", help="Who found it; gets the credit.")],
    as_json: AsJson = False,
) -> None:
    """Hand in reports, one for each PATH. They are kept as they are; `clearinghouse work` proves them.

    Every PATH is tried. Exit code: that of the first that could not be taken in, else 0, also for one already known.
    """
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.intake import services  # noqa: PLC0415
    from clearinghouse.intake.packing import read_submission  # noqa: PLC0415

    failed: ClearinghouseError | None = None
    for path in paths:
        try:
            content = read_submission(path)
            name = path.name or path.absolute().name
            receipt = services.submit(content, finder=finder, name=name, clock=wiring.clock, queue=wiring.queue())
        except ClearinghouseError as error:
            say(f"clearinghouse: {error}")
            failed = failed or error
            continue
        if as_json:
            put(receipt)
        else:
            _show(receipt)
    if failed is not None:
        raise typer.Exit(failed.exit_code)


def _show(receipt: Receipt) -> None:
    known = ", known already" if receipt.known else ""
    put_line(f"{receipt.id}  {receipt.state}{known}: {receipt.title}")
    for reason in receipt.reasons:
        put_line(f"    {reason}")


@app.command("list")
def list_reports(as_json: AsJson = False) -> None:
    """List all reports in order of arrival."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.intake import queries  # noqa: PLC0415

    rows = queries.reports(viewer=Viewer.COORDINATOR)
    if as_json:
        for row in rows:
            put(row)
        return
    headings = ("report", "finder", "kind", "state", "case", "title")
    table(headings, [(r.id, r.finder, r.kind, r.state, r.case_id or "-", r.title) for r in rows])


@app.command("show")
def show_report(report: Annotated[str, typer.Argument(help="A report's id, as R-…")], as_json: AsJson = False) -> None:
    """Show one report: where it stands, why, and what its proof gave."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.intake import queries  # noqa: PLC0415

    found = queries.report(report, viewer=Viewer.COORDINATOR)
    if found is None:
        raise NotFound(f"no report {report}", advice="`clearinghouse report list` shows the reports")
    if as_json:
        put(found)
        return
    row = found.row
    put_line(f"{row.id}  {row.state}: {row.title}")
    put_line(f"from {row.finder}, {row.received_at:%Y-%m-%d %H:%M} UTC, {row.kind}, {found.size} bytes, {found.sha256}")
    for reason in row.reasons:
        put_line(f"    {reason}")
    if row.case_id:
        put_line(f"case {row.case_id}")
    for entry in found.journal:
        put_line(f"    {entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor}  {entry.kind}")


@app.command("attestation")
def attestation(report: Annotated[str, typer.Argument(help="A report's id, as R-…")]) -> None:
    """Print the signed verdict of a report's proof, byte for byte: a file for `clearinghouse verify-attestation`."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.intake import queries  # noqa: PLC0415
    from clearinghouse.proofs import queries as proofs  # noqa: PLC0415

    found = queries.report(report, viewer=Viewer.COORDINATOR)
    if found is None:
        raise NotFound(f"no report {report}", advice="`clearinghouse report list` shows the reports")
    content = proofs.attestation(found.proof.bundle_id, viewer=Viewer.COORDINATOR) if found.proof else None
    if content is None:
        advice = "verdicts are signed as they are reached, where `clearinghouse keys init` made a key"
        raise NotFound(f"no signed verdict on {report}", advice=advice)
    typer.echo(content.decode("ascii"), nl=False)
