"""`clearinghouse journal …`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli import seals
from clearinghouse.cli.output import put, put_line
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.chain import canonical
from clearinghouse.core.errors import IntegrityError, NotFound

if TYPE_CHECKING:
    from clearinghouse.journal.checking import Checked

app = typer.Typer(help="Read and verify the record of every decision.", no_args_is_help=True, rich_markup_mode=None)


app.command("seal")(seals.seal)
app.command("proof")(seals.proof)
app.command("check-proof")(seals.check_proof)
app.command("check-growth")(seals.check_growth)


@app.command("verify")
def verify(
    head: Annotated[
        list[Path] | None, typer.Option("--head", help="A published head that you kept; may be given more than once.")
    ] = None,
    key: seals.Key = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every hash of every chain and every seal, and compare with the published heads.

    Exit code: 70, with the first entry that differs where that can be told; 1 when a head's signature is not the key's.
    """
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    settings = wiring.ready()
    kept = seals.read_heads(head, key) if head else []
    latest = settings.published_seals / "latest.json"
    own = seals.read_heads([latest], None) if latest.exists() else []
    from clearinghouse.adapters.signing.keys import public_file  # noqa: PLC0415
    from clearinghouse.journal import checking  # noqa: PLC0415

    heads = list(dict.fromkeys(one.head for one in (*kept, *own)))
    found = checking.check(heads, signature=seals.signatures_of(key or public_file(settings.key_file)))
    if as_json:
        put(found)
    if found.broken is not None or found.differs is not None:
        raise IntegrityError(_faults(found), advice="compare with a backup to see what was changed")
    if not as_json:
        put_line(f"whole: {found.entries} entries in {found.chains} chains")
        put_line(
            f"{found.sealed} of them under {found.seals} seals, {found.signed} signed; {found.kept} heads compared"
        )
    if head and key is None:
        seals.tell_unchecked()


def _faults(found: Checked) -> str:
    faults = []
    if found.broken is not None:
        faults.append(f"the journal is broken: {found.broken}")
    if found.differs is not None:
        faults.append(f"the journal is not the one whose head was published: {found.differs}")
    return "; ".join(faults)


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
