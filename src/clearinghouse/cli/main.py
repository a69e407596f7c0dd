"""The command `clearinghouse`: parses words, calls one function a command, maps every error to one line and its exit code."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  # Typer reads annotations at run time
from typing import Annotated

import typer

from clearinghouse.core.errors import ClearinghouseError

app = typer.Typer(
    help="A clearinghouse for software vulnerabilities: claims go in; proven, distinct, ranked cases come out.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """Keep `clearinghouse` a group even while it has few commands."""


@app.command()
def prove(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Bundle folders or archives.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line for each PATH, in order.")] = False,
    keep: Annotated[Path | None, typer.Option("--keep", metavar="DIR", help="Write results and logs here.")] = None,
) -> None:
    """Run proof bundles in the sandbox and decide them; needs no server and no database.

    Exit status: 0 every claim is supported, 1 some are not, 2 usage, 65 a bundle is invalid, 69 no sandbox here.
    """
    from clearinghouse.cli.prove import prove_command  # noqa: PLC0415  # the help text must not pay for it

    raise typer.Exit(prove_command(paths, as_json=as_json, keep_folder=keep))


def main() -> None:
    """Run the command line; the only place where an error becomes a line on stderr and an exit status."""
    try:
        app()
    except ClearinghouseError as error:
        print(f"clearinghouse: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
