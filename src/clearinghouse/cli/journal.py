"""`clearinghouse journal …`."""

from __future__ import annotations

from typing import Annotated

import typer

from clearinghouse.cli.output import put, put_line
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.chain import canonical
from clearinghouse.core.errors import IntegrityError, NotFound

app = typer.Typer(help="Read and verify the record of every decision.", no_args_is_help=True, rich_markup_mode=None)


@app.command("verify")
def verify(as_json: AsJson = False) -> None:
    """Recompute every hash of every chain. Exit code 70, and the first broken entry, when one does not fit."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.journal import queries  # noqa: PLC0415

    found = queries.verify()
    if as_json:
        put(found)
    if found.broken is not None:
        raise IntegrityError(
            f"the journal is broken: {found.broken}", advice="compare with a backup to see what was changed"
        )
    if not as_json:
        put_line(f"whole: {found.entries} entries in {found.chains} chains")


@app.command("show")
def show(
    chain: Annotated[
        str, typer.Argument(help="case/CLH-…, report/R-…, proof/<bundle id> or system; default: the newest")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show a chain from its first entry, or the newest entries of all."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.journal import queries  # noqa: PLC0415

    entries = queries.entries(chain) if chain else queries.latest()
    if chain and not entries:
        raise NotFound(f"no chain {chain}", advice="`clearinghouse journal show system` names every chain")
    for entry in entries:
        if as_json:
            put(entry)
        else:
            where = f"{entry.chain}#{entry.seq}"
            put_line(
                f"{entry.at:%Y-%m-%d %H:%M:%S}  {where}  {entry.actor}  {entry.kind}  {canonical(entry.body)[:200]}"
            )
