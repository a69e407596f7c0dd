"""`clearinghouse crash parse`: crash reports of any kind on stdin, what they say on stdout, a JSON line each."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from clearinghouse.cli.output import put
from clearinghouse.core.errors import InvalidInput
from clearinghouse.formats.crash import parse_crash

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes of a line: a report of this size is a log, and its end says no more of the crash.
LONGEST = 64 * 1024 * 1024

app = typer.Typer(no_args_is_help=True, help="Crash reports of sanitizers, kernels, debuggers and runtimes.")


@app.callback()
def crash() -> None:
    """Crash reports of sanitizers, kernels, debuggers and runtimes."""


@app.command("parse")
def parse(
    ooms: Annotated[
        bool,
        typer.Option("--ooms", help="Exhausted memory and time are crashes too."),
    ] = False,
) -> None:
    """Read JSON lines {"id","raw"} on stdin; print {"id","crash_type","crash_address","crash_state","security"}.

    A report that shows no crash has an empty type and state, and null for security. A line that is no such object is
    answered with {"line","error"} in its place; the others are read all the same. Exit code: 65 if there was such a
    line, else 0.
    """
    bad = 0
    for number, line in enumerate(_lines(sys.stdin.buffer), start=1):
        try:
            if line is None or line.strip():
                put(_answer(line, ooms=ooms))
        except InvalidInput as error:
            bad += 1
            put({"line": number, "error": str(error)})
    if bad:
        raise InvalidInput(
            f"stdin: {bad} {'line is' if bad == 1 else 'lines are'} not read",
            advice='Give one JSON object a line, {"id": …, "raw": "the report"}; the answers name the lines.',
        )


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The stream's lines; None for one that is too long, which is passed over in pieces."""
    while line := stream.readline(LONGEST + 1):
        if len(line) <= LONGEST or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LONGEST)
        yield None


def _answer(line: bytes | None, *, ooms: bool) -> dict[str, Any]:
    """What one line's report says."""
    if line is None:
        raise InvalidInput(f"longer than {LONGEST} bytes")
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"not JSON: {error}") from None
    if not isinstance(asked, dict) or not isinstance(asked.get("raw"), str) or "id" not in asked:
        raise InvalidInput("not an object with an id and the report's text in raw")
    # Half a surrogate pair has no bytes of its own to be printed.
    raw = asked["raw"].encode("utf-8", "replace").decode()
    found = parse_crash(raw, ooms=ooms)
    return {
        "id": asked["id"],
        "crash_type": found.type,
        "crash_address": found.address,
        "crash_state": list(found.state),
        "security": found.security,
    }
