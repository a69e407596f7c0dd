"""The command `clearinghouse`: what there is, and how errors end. What is heavy is imported when its command runs."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import Annotated

import typer

from clearinghouse import __version__
from clearinghouse.cli import (
    attest,
    cases,
    cluster,
    crash,
    demo,
    fix,
    journal,
    keys,
    organisations,
    proof,
    reports,
    review,
    serve,
    submit,
    suites,
    tokens,
    users,
    versions,
    work,
)
from clearinghouse.cli.output import put_line, say
from clearinghouse.core.errors import ClearinghouseError

app = typer.Typer(
    name="clearinghouse",
    help="A clearinghouse for software vulnerabilities: reports go in, proven, distinct, ranked cases come out.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("submit")(submit.submit)
app.command("work")(work.work)
app.command("migrate")(work.migrate)
app.add_typer(reports.app, name="report")
app.add_typer(cases.app, name="case")
app.command("publish")(cases.publish)
app.add_typer(crash.app, name="crash")
app.command("cluster")(cluster.cluster)
app.add_typer(fix.app, name="fix")
app.add_typer(suites.app, name="suite")
app.add_typer(users.app, name="user")
app.add_typer(organisations.app, name="org")
app.add_typer(tokens.app, name="token")
app.add_typer(journal.app, name="journal")
app.command("verify-attestation")(attest.verify_attestation)
app.add_typer(keys.app, name="keys")
app.add_typer(proof.app, name="proof")
app.add_typer(review.app, name="review")
app.command("versions")(versions.versions)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)


@app.command()
def prove(
    paths: Annotated[list[Path], typer.Argument(help="Bundles: folders or archives.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each PATH, in order.")] = False,
    keep: Annotated[Path | None, typer.Option("--keep", help="Write results and logs below this folder.")] = None,
    attest_to: Annotated[
        Path | None, typer.Option("--attest", help="Write a signed statement of each verdict into this folder.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="The private key that signs them, if not that of `keys init`.")
    ] = None,
    *,
    checkout: fix.Checkout = None,
) -> None:
    """Decide proof bundles on this machine, without server or database.

    Exit code: 69 without a sandbox, 65 with an invalid bundle, 1 with a verdict that supports no claim, else 0.
    """
    from clearinghouse.cli.prove import checkouts_of, prove_command  # noqa: PLC0415

    attestor = attest.attestor(attest_to, key)
    checkouts = checkouts_of(checkout or [])
    raise typer.Exit(
        prove_command(
            [str(p) for p in paths], as_json=as_json, keep_folder=keep, attestor=attestor, checkouts=checkouts
        )
    )


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say whether this machine can run proofs, under which isolation, and how to mend what is missing.

    Exit code: 69 without a sandbox that holds, 1 with a weaker one, else 0.
    """
    from clearinghouse.cli.doctor import doctor_command  # noqa: PLC0415

    raise typer.Exit(doctor_command(as_json=as_json))


def _print_version(asked: bool) -> None:
    if asked:
        put_line(f"clearinghouse {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version and stop."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an error of ours becomes one line on stderr and its exit code."""
    try:
        app()
    except ClearinghouseError as error:
        say(f"clearinghouse: {error}")
        sys.exit(error.exit_code)
