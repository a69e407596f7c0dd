"""`clearinghouse submit`: to the clearinghouse on this machine, or to another over its HTTP API."""

from __future__ import annotations

import time
from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearinghouse.cli.output import clean, plain, put, put_line, say
from clearinghouse.core.errors import ClearinghouseError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.cli.remote import Remote, Server

    Showing = Callable[[dict[str, Any]], None]
    Sending = Callable[[bytes, str], dict[str, Any]]

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds between looks at where a report stands
_RETURNED = "returned"


def submit(
    paths: Annotated[
        list[Path], typer.Argument(help="Proof bundles (folder or archive), SARIF 2.1.0, Markdown or text.")
    ],
    *,
    finder: Annotated[
        str | None, typer.Option("--finder", help="Who found it; gets the credit. For this machine only.")
    ] = None,
    server: Annotated[
        str | None, typer.Option("--server", help="Send them to the clearinghouse at this address.")
    ] = None,
    token_file: Annotated[Path | None, typer.Option("--token-file", help="The file that holds the token.")] = None,
    token_env: Annotated[
        str | None,
        typer.Option("--token-env", help="The environment variable that holds it, if not CLEARINGHOUSE_TOKEN."),
    ] = None,
    party: Annotated[
        str | None, typer.Option("--party", help="The key of the party whose reports they are, if not the token's own.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, one object a line.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until each has its answer; with --server.")] = False,
) -> None:
    """Hand in reports, one for each PATH. They are kept as they are; the server's worker proves them.

    Every PATH is tried. Exit code: that of the first that could not be taken in; with --wait, 1 when one came back;
    else 0, also for one already known.
    """
    if server is None:
        if wait or token_file or token_env or party:
            raise UsageError("--wait, --token-file, --token-env and --party go with --server")
        sent = _each(paths, _here(finder), put if as_json else _show)
    else:
        if finder is not None:
            raise UsageError("--finder is for this machine", advice="with --server, the token says whose report it is")
        from clearinghouse.cli.remote import Remote, Server, token_from  # noqa: PLC0415

        remote = Remote(Server.parse(server), token_from(token_file, token_env))
        show = put if as_json else _show
        sent = _each(paths, _there(remote, party), _say if wait else show)
        if wait:
            sent.extend(_await(Server.parse(server), sent, show))
    failed = [one for one in sent if isinstance(one, int)]
    if failed:
        raise typer.Exit(failed[0])


def _each(paths: list[Path], send: Sending, show: Showing) -> list[dict[str, Any] | int]:
    """The receipt of each path, or the exit code of what went wrong with it."""
    from clearinghouse.intake.packing import read_submission  # noqa: PLC0415

    found: list[dict[str, Any] | int] = []
    for path in paths:
        try:
            receipt = send(read_submission(path), path.name or path.absolute().name)
        except ClearinghouseError as error:
            say(f"clearinghouse: {error}")
            found.append(error.exit_code)
            continue
        found.append(receipt)
        show(receipt)
    return found


def _here(finder: str | None) -> Sending:
    """Hands in to this machine's own tables."""
    if not finder:
        raise UsageError("who found it?", advice="use --finder, or --server for another machine")
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.intake import services  # noqa: PLC0415

    def send(content: bytes, name: str) -> dict[str, Any]:
        receipt = services.submit(content, finder=finder, name=name, clock=wiring.clock, queue=wiring.queue())
        found: dict[str, Any] = plain(receipt)
        return found

    return send


def _there(remote: Remote, party: str | None) -> Sending:
    """Hands in to another machine."""

    def send(content: bytes, name: str) -> dict[str, Any]:
        say(f"sending {clean(name)}, {len(content)} bytes")
        query = {"name": name[-255:]} | ({"party": party} if party else {})
        return remote.post("/reports", content, query)

    return send


def _await(server: Server, sent: list[dict[str, Any] | int], show: Showing) -> list[dict[str, Any] | int]:
    """Wait until every report that was taken in has its answer; exit code 1 for each that came back."""
    from clearinghouse.cli.remote import Remote  # noqa: PLC0415

    codes: list[dict[str, Any] | int] = []
    for receipt in [one for one in sent if not isinstance(one, int)]:
        remote = Remote(server, str(receipt.get("status_token", "")))
        status, pause, shown = remote.get("/report-status"), _FIRST_PAUSE, receipt.get("state")
        while not status.get("settled"):
            if shown != status.get("state"):
                shown = status.get("state")
                _say({**receipt, **status})
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            status = remote.get("/report-status")
        show({**receipt, **status})
        if status.get("state") == _RETURNED:
            codes.append(1)
    return codes


def _say(receipt: dict[str, Any]) -> None:
    say(clean(f"{receipt.get('id')}: {receipt.get('state')}"))


def _show(receipt: dict[str, Any]) -> None:
    known = ", known already" if receipt.get("known") else ""
    put_line(f"{receipt.get('id')}  {receipt.get('state')}{known}: {receipt.get('title')}")
    for reason in receipt.get("reasons") or ():
        put_line(f"    {reason}")
