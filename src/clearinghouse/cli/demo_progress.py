"""Shows on stderr how far a demo is: bars on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from clearinghouse.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clearinghouse.cases.figures import Funnel
    from clearinghouse.core.ports import Prover
    from clearinghouse.core.proof import ProofResult, Trial

EVERY_SECONDS = 5.0  # between plain lines, also when nothing changed


class Display(Protocol):
    """Hears how far the work is."""

    def funnel(self, funnel: Funnel) -> None:
        """Some figure changed."""

    def doing(self, what: tuple[str, ...]) -> None:
        """What runs right now."""


class Watched:
    """A prover that says what it is doing, and gives no more answers once `stop` is set.

    A run cut short by the end of this process looks like a failure of the proof; nobody must come to store that.
    """

    def __init__(self, prover: Prover, display: Display, stop: threading.Event) -> None:
        self._prover = prover
        self._display = display
        self._stop = stop
        self._guard = threading.Lock()
        self._running: dict[int, str] = {}

    def prove(self, bundle: bytes) -> ProofResult:
        """As the prover does."""
        with self._noted(f"proving {_target(bundle)}"):
            return self._prover.prove(bundle)

    def try_on(self, bundle: bytes, version: str) -> Trial:
        """As the prover does."""
        with self._noted(f"trying {_target(bundle)} on {version}"):
            return self._prover.try_on(bundle, version)

    @contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        me = threading.get_ident()
        self._change(me, what)
        try:
            yield
        finally:
            self._change(me, "")
            while self._stop.is_set():  # this process is about to end
                time.sleep(1)

    def _change(self, me: int, what: str) -> None:
        with self._guard:
            if what:
                self._running[me] = what
            else:
                self._running.pop(me, None)
            self._display.doing(tuple(self._running.values()))


def _target(bundle: bytes) -> str:
    from clearinghouse.core.errors import InvalidBundle  # noqa: PLC0415  # the bundle is read here for its name only
    from clearinghouse.prover.bundle import read_archive  # noqa: PLC0415

    try:
        target = read_archive(bundle).manifest.target
    except InvalidBundle:
        return "a bundle"
    return f"{target.name} {target.vulnerable}"


@contextmanager
def display() -> Iterator[Display]:
    """The display that suits stderr, for as long as the block lasts."""
    if sys.stderr.isatty():
        with _bars() as shown:
            yield shown
    else:
        with _lines() as shown:
            yield shown


class _Lines:
    def __init__(self) -> None:
        self._began = time.monotonic()
        self._funnel: Funnel | None = None
        self._doing: tuple[str, ...] = ()
        self._ended = threading.Event()

    def funnel(self, funnel: Funnel) -> None:
        self._funnel = funnel

    def doing(self, what: tuple[str, ...]) -> None:
        self._doing = what

    def run(self) -> None:
        """One line each EVERY_SECONDS until the end, and one at the end."""
        while not self._ended.wait(EVERY_SECONDS):
            self._tell()
        self._tell()

    def end(self) -> None:
        self._ended.set()

    def _tell(self) -> None:
        if self._funnel is None:
            return
        seconds = round(time.monotonic() - self._began)
        now = f"; {'; '.join(self._doing)}" if self._doing else ""
        say(f"{seconds:4d} s  {_words(self._funnel)}{now}")


def _words(funnel: Funnel) -> str:
    return (
        f"{funnel.reports - funnel.waiting} of {funnel.reports} reports answered, {funnel.decided} of {funnel.proofs} "
        f"proofs decided, {funnel.runs} runs, {funnel.headline}"
    )


@contextmanager
def _lines() -> Iterator[Display]:
    lines = _Lines()
    thread = threading.Thread(target=lines.run, daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        lines.end()
        thread.join()


@contextmanager
def _bars() -> Iterator[Display]:
    from rich.console import Console  # noqa: PLC0415  # only a terminal pays for it
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[words]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        proofs = progress.add_task("proofs ", total=None, words="")
        answers = progress.add_task("answers", total=None, words="")

        class Bars:
            def funnel(self, funnel: Funnel) -> None:
                counts = f"{funnel.runs} runs, {funnel.proven} proven, {funnel.cases} cases"
                progress.update(proofs, total=funnel.proofs, completed=funnel.decided)
                progress.update(answers, total=funnel.reports, completed=funnel.reports - funnel.waiting, words=counts)

            def doing(self, what: tuple[str, ...]) -> None:
                progress.update(proofs, words=escape("; ".join(what))[: max(20, console.width - 60)])

        yield Bars()
