"""`clearinghouse work` and `clearinghouse migrate`."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.output import put, say
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.core.errors import Conflict

if TYPE_CHECKING:
    from clearinghouse.cases.figures import Funnel


def work(
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Stop once nothing is left to do.")] = False,
    lanes: Annotated[int, typer.Option("--lanes", min=1, max=64, help="How many proofs run at a time.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Prove what was handed in, match it and answer it. Ends at SIGTERM or Ctrl-C; the rest is done next time.

    Exit code: 69 without a sandbox, 75 when another worker uses the same home, or when something could not be finished.
    """
    from clearinghouse.bootstrap import wiring, worker  # noqa: PLC0415

    wiring.ready()
    stop = threading.Event()
    ended = worker.work(wiring.prover(), lanes=lanes, until_idle=until_idle, progress=tell, stop=stop)
    if as_json:
        put(ended)
    if stop.is_set():
        say("stopped; what was running is taken up at the next start")
        sys.stdout.flush()
        os._exit(0)  # the engine's threads would wait for running proofs, whose sandboxes die with this process
    if ended.undone:
        raise Conflict(
            f"not finished: {', '.join(ended.undone)}", advice="see the diagnostics above, then run this again"
        )


def tell(funnel: Funnel) -> None:
    """One line of progress on stderr."""
    say(
        f"{funnel.reports} reports, {funnel.waiting} waiting; {funnel.decided} of {funnel.proofs} proofs decided,"
        f" {funnel.runs} runs; {funnel.proven} reports in {funnel.cases} cases, {funnel.published} published",
    )


def migrate() -> None:
    """Make the home folder, or bring its tables up to date. Other commands do it by themselves when they start."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    settings = wiring.start()
    applied = wiring.migrate()
    say(f"{settings.root}: {f'{len(applied)} migrations applied' if applied else 'up to date'}")
