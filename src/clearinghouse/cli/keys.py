"""`clearinghouse keys …`: make the key that signs verdicts, and show its public half."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearinghouse.cli.output import put, put_line, say
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations

app = typer.Typer(help="The key that signs verdicts.", no_args_is_help=True, rich_markup_mode=None)
KeyFile = Annotated[
    Path | None, typer.Option("--key", help="The private key's file, if not CLEARINGHOUSE_SIGNING_KEY's.")
]


def key_file(given: Path | None) -> Path:
    """The private key's file: the one given, else the setting's."""
    if given is not None:
        return given.expanduser().absolute()
    from clearinghouse.bootstrap.settings import Settings  # noqa: PLC0415

    return Settings().key_file


@app.command("init")
def init(key: KeyFile = None, as_json: AsJson = False) -> None:
    """Make a key: the private half, readable by you alone, and the public one beside it. Nothing is overwritten."""
    from clearinghouse.adapters.signing import keys  # noqa: PLC0415

    private = key_file(key)
    made = keys.make(private)
    public = keys.public_file(private)
    if as_json:
        put({"key_id": made.keyid, "private": private, "public": public})
        return
    put_line(f"key {made.keyid}")
    put_line(f"private {private}")
    put_line(f"public {public}")
    say("Publish the public file. Keep the private one to yourself: whoever has it signs in your name.")


@app.command("show")
def show(key: KeyFile = None, as_json: AsJson = False) -> None:
    """Show the public key, to be published: its id, and PEM. The private file is not opened."""
    from clearinghouse.adapters.signing import keys  # noqa: PLC0415

    public = keys.load_public(keys.public_file(key_file(key)))
    pem = keys.public_pem(public).decode("ascii")
    if as_json:
        put({"key_id": public.keyid, "pem": pem})
        return
    put_line(f"key {public.keyid}")
    for line in pem.splitlines():
        put_line(line)
