"""`clearinghouse journal seal | proof | check-proof | check-growth`: seals, and what others can check by themselves."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.output import put, put_line, say
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import IntegrityError, InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.seals import Published

_MAX_BYTES = 256 * 1024 * 1024
Key = Annotated[Path | None, typer.Option("--key", help="The public key (PEM) that must have signed the head.")]


def seal(as_json: AsJson = False) -> None:
    """Seal what is new in the journal now, sign it where there is a key, and publish it.

    Exit code: 70 when a chain does not follow from what is sealed; the others are sealed all the same.
    """
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    settings = wiring.ready()
    signer = wiring.signer()
    made = wiring.seal(signer)
    if as_json:
        put({"seal": made.head, "entries": made.entries, "signed": signer is not None, "broken": made.broken})
    elif made.head is None:
        put_line("nothing new to seal")
    else:
        put_line(f"seal {made.head.number}: {made.entries} entries, {made.head.size} in all; {made.head.hash}")
        put_line(f"published in {settings.published_seals}")
    if made.head is not None and signer is None:
        say("Not signed: `clearinghouse keys init` makes a key. What is sealed can be checked all the same.")
    if made.broken:
        words = "; ".join(map(str, made.broken))
        raise IntegrityError(f"not sealed: {words}", advice="`clearinghouse journal verify` says what was changed")


def proof(
    chain: Annotated[str, typer.Argument(help="case/CLH-…, report/R-…, proof/<bundle id> or system.")],
    seq: Annotated[int, typer.Argument(min=1, help="The entry's number in its chain.")],
    number: Annotated[int | None, typer.Option("--seal", min=1, help="The seal, if not the newest.")] = None,
) -> None:
    """Print the proof that an entry stood in the journal when a seal was made, as JSON with the entry in full."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.journal import seals  # noqa: PLC0415

    put(seals.proof(chain, seq, number=number).as_json())


def check_proof(
    file: Annotated[Path, typer.Argument(help="What `journal proof` printed.")],
    head: Annotated[Path, typer.Option("--head", help="The published head of the seal that it names.")],
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Check the proof of an entry with a published head. Needs no server and no journal.

    Exit code: 1 when the head does not cover the entry as it stands in the proof, 65 when a file is malformed.
    """
    from clearinghouse.core import seals  # noqa: PLC0415

    found = seals.read_proof(content(file))
    heads = read_heads([head], key)
    chosen = next((one.head for one in heads if one.head.number == found.seal), heads[-1].head)
    seals.check_proof(found, chosen)
    entry = found.entry
    if as_json:
        put({"seal": chosen, "entry": entry})
        return
    put_line(f"verified: seal {chosen.number} of {chosen.at} covers entry {entry.seq} of {entry.chain}")
    put_line(f"{entry.at}  {entry.actor}  {entry.kind}  {entry.body}")
    if key is None:
        tell_unchecked()


def check_growth(
    files: Annotated[list[Path], typer.Argument(help="Published heads that follow one another, or seals.json.")],
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Check, without server or journal, that each of these published heads only adds to the one before it.

    Exit code: 1 when one does not, or one between them is missing; 65 when a file is malformed.
    """
    from clearinghouse.core import seals  # noqa: PLC0415

    heads = read_heads(files, key)
    for before, after in pairwise(heads):
        seals.check_growth(before, after)
    if as_json:
        put({"seals": len(heads), "first": heads[0].head.number, "last": heads[-1].head.number})
        return
    put_line(f"whole: seals {heads[0].head.number} to {heads[-1].head.number}, each adds to the one before")
    if key is None:
        tell_unchecked()


def read_heads(files: Iterable[Path], key: Path | None) -> list[Published]:
    """The published heads in files, oldest first, signed by `key` where one is given.

    Raises InvalidInput for what holds none, NotVerified for a head that is not signed by that key.
    """
    from clearinghouse.core.seals import read_published  # noqa: PLC0415

    found = {one.head: one for file in files for one in read_published(content(file))}
    if not found:
        raise InvalidInput("no published head in the files", advice="give latest.json or the file of a seal")
    heads = sorted(found.values(), key=lambda one: one.head.number)
    if key is not None:
        from clearinghouse.cli.seal_keys import Expected  # noqa: PLC0415

        expected = Expected.given([key])
        for one in heads:
            expected.demand(one)
    return heads


def content(file: Path) -> bytes:
    """A file's bytes. Raises NotFound, Unavailable, or InvalidInput for one that no head or proof is as large as."""
    try:
        with file.open("rb") as stream:
            found = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"{file}: there is no such file") from None
    except OSError as error:
        raise Unavailable(f"{file}: {error.strerror}") from None
    if len(found) > _MAX_BYTES:
        raise InvalidInput(f"{file}: larger than {_MAX_BYTES // 2**20} MiB")
    return found


def tell_unchecked() -> None:
    """Say, on stderr, what a head without a checked signature is worth."""
    say("The head's signature was not checked: give --key unless you kept the head yourself.")
