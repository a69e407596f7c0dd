"""`clearinghouse journal …`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli import seals
from clearinghouse.cli.output import put, put_line, say
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.chain import canonical
from clearinghouse.core.errors import IntegrityError, NotFound

if TYPE_CHECKING:
    from clearinghouse.journal.checking import Checked

app = typer.Typer(help="Read and verify the record of every decision.", no_args_is_help=True, rich_markup_mode=None)

_COMPARE = "compare with a backup to see what was changed"
_RESIGNED = (
    "give every key that the house ever used with --key; where a key was made only later, the next signed seal covers "
    "those before it; else compare with a backup: somebody may have sealed the journal anew"
)

app.command("seal")(seals.seal)
app.command("proof")(seals.proof)
app.command("check-proof")(seals.check_proof)
app.command("check-growth")(seals.check_growth)


@app.command("verify")
def verify(
    head: Annotated[
        list[Path] | None, typer.Option("--head", help="A published head that you kept; may be given more than once.")
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            "--key", help="The public key (PEM) to expect instead of the house's; may be given more than once."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every hash of every chain and every seal, check each signature, and compare with the published heads.

    Exit code: 70, with the first entry or seal that differs where that can be told; 1 when a head given is not signed
    by the key.
    """
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    settings = wiring.ready()
    from clearinghouse.cli.seal_keys import Expected  # noqa: PLC0415
    from clearinghouse.journal import checking  # noqa: PLC0415

    expected = Expected.given(key) if key else Expected.of_the_house(settings.key_file)
    kept = seals.read_heads(head, None) if head else []
    for one in kept:
        if one.envelope is not None or key:
            expected.demand(one)
    latest = settings.published_seals / "latest.json"
    own = seals.read_heads([latest], None) if latest.exists() else []
    heads = list(dict.fromkeys(one.head for one in (*kept, *own)))
    found = checking.check(heads, signer=expected.signer_of)
    if as_json:
        put(found)
    if faults := _faults(found):
        raise IntegrityError("; ".join(faults), advice=_COMPARE if found.forged is None else _RESIGNED)
    for one in kept:  # one that fits needs no signature of its own where the journal's own seal needs none
        if one.envelope is None and one.head.number not in found.vouched.unsigned:
            expected.demand(one)
    if not as_json:
        _show(found, expected.source)
    _tell(found)


def _faults(found: Checked) -> list[str]:
    faults = []
    if found.broken is not None:
        faults.append(f"the journal is broken: {found.broken}")
    if found.forged is not None:
        faults.append(f"a seal is not vouched for: {found.forged}")
    if found.differs is not None:
        faults.append(f"the journal is not the one whose head was published: {found.differs}")
    return faults


def _show(found: Checked, source: str) -> None:
    put_line(f"whole: {found.entries} entries in {found.chains} chains")
    put_line(f"{found.sealed} of them under {found.seals} seals, {found.signed} signed; {found.kept} heads compared")
    for one in found.vouched.by:
        put_line(f"{one.seals} seals signed by the key {one.key_id}, {source}")


def _tell(found: Checked) -> None:
    """Say, on stderr, what the signatures do not show."""
    unsigned, waiting = found.vouched.unsigned, found.vouched.waiting
    if unsigned and found.vouched.by:
        say(f"Seals 1 to {unsigned[-1]} have no signature of their own; seal {unsigned[-1] + 1}, signed, covers them.")
    elif unsigned:
        say(
            "No seal is signed, for the house has no key: nothing shows who made them. "
            "`clearinghouse keys init` makes one."
        )
    if waiting:
        say(f"Seal {waiting[0]} and what follows it wait for a signature: `clearinghouse journal seal` makes it.")


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
