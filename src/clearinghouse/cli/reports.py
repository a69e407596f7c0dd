"""`clearinghouse report …`."""

from __future__ import annotations

from typing import Annotated

import typer

from clearinghouse.cli.output import put, put_line, table
from clearinghouse.core.errors import NotFound
from clearinghouse.core.visibility import LOCAL

app = typer.Typer(help="Look at reports.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, one object a line.")]


@app.command("list")
def list_reports(as_json: AsJson = False) -> None:
    """List all reports in order of arrival."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.intake import queries  # noqa: PLC0415

    rows = queries.reports(actor=LOCAL)
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

    found = queries.report(report, actor=LOCAL)
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

    found = queries.report(report, actor=LOCAL)
    if found is None:
        raise NotFound(f"no report {report}", advice="`clearinghouse report list` shows the reports")
    content = proofs.attestation(found.proof.bundle_id, actor=LOCAL) if found.proof else None
    if content is None:
        advice = "verdicts are signed as they are reached, where `clearinghouse keys init` made a key"
        raise NotFound(f"no signed verdict on {report}", advice=advice)
    typer.echo(content.decode("ascii"), nl=False)
