"""`clearinghouse demo`: the main job end to end on real, old, patched vulnerabilities, then the pages to look at it."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import clearinghouse
from clearinghouse.cli.output import put_line, say, table
from clearinghouse.cli.serve import HOST, PORT, Server, announce
from clearinghouse.core.errors import Conflict, IntegrityError, Unavailable
from clearinghouse.core.report import ReportState
from clearinghouse.core.visibility import LOCAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearinghouse.cli.demo_check import Outcome
    from clearinghouse.cli.demo_home import DemoHome
    from clearinghouse.cli.demo_inputs import Inputs
    from clearinghouse.core.ports import Prover
    from clearinghouse.intake.services import Receipt

COORDINATOR = "demo coordinator"
LANES = 2
INTERRUPTED = 130

Check = Annotated[bool, typer.Option("--check", help="Serve nothing; compare the outcome with what the inputs demand.")]
Review = Annotated[
    bool, typer.Option("--review", help="The other demo: two baselines try the open suite, and a report is signed.")
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Run everything anew; installed releases are kept.")]
Home = Annotated[
    Path | None,
    typer.Option("--home", help="The demo's folder; default: CLEARINGHOUSE_HOME, else .demo in the checkout."),
]
InputsFile = Annotated[
    Path | None, typer.Option("--inputs", help="The demo's inputs; default: examples/demo.toml in the checkout.")
]
DemoPort = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port of the pages; 0 for any free one.")]


def demo(
    check: Check = False,
    fresh: Fresh = False,
    home: Home = None,
    inputs: InputsFile = None,
    port: DemoPort = PORT,
    *,
    review: Review = False,
) -> None:
    """Send the demo's reports, prove, match, rank and publish them, show the funnel, and serve the pages until Ctrl-C.

    Interrupted or killed, the same command goes on where it was. Exit code: 69 without a sandbox, 70 when --check
    finds a difference, 75 when another demo uses the folder, 130 when interrupted.
    """
    try:
        if review:
            from clearinghouse.cli.demo_review import demo_review  # noqa: PLC0415

            place = _home(home) / "review"
            demo_review(checkout() / "examples" / "suites" / "open", place, check=check, fresh=fresh)
            return
        _demo(check=check, fresh=fresh, home=home, inputs=inputs, port=port)
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
        sys.stdout.flush()
        os._exit(INTERRUPTED)  # the job engine's threads would wait for proofs that nobody runs any more


def _demo(*, check: bool, fresh: bool, home: Path | None, inputs: Path | None, port: int) -> None:
    from clearinghouse.cli.demo_home import DemoHome, Mark  # noqa: PLC0415
    from clearinghouse.cli.demo_inputs import read_inputs  # noqa: PLC0415
    from clearinghouse.intake.packing import read_submission  # noqa: PLC0415

    read = read_inputs(inputs or checkout() / "examples" / "demo.toml")
    contents = [read_submission(sent.path) for sent in read.reports]
    digest = read.digest(contents)
    folder = _home(home)
    os.environ["CLEARINGHOUSE_HOME"] = str(folder)
    os.environ.pop("CLEARINGHOUSE_DATABASE_URL", None)  # a demo is a folder; it never touches the operator's tables
    with DemoHome(folder).held(digest) as place:
        if fresh:
            place.alone()
            place.forget()
        if place.mark() == Mark(digest, finished=True):
            say(f"this demo is finished already and nothing changed: showing {folder}; --fresh runs everything anew")
        else:
            _run(place, read, contents, digest)
        place.share()
        outcome = _show(read, contents)
        if check:
            _check(read, outcome)
        else:
            _serve(port)


def _home(home: Path | None) -> Path:
    return (home or Path(os.environ.get("CLEARINGHOUSE_HOME") or checkout() / ".demo")).expanduser().absolute()


def checkout() -> Path:
    """The project's folder: where this package lies in a checkout, else the current folder."""
    root = Path(clearinghouse.__file__).parents[2]
    return root if (root / "examples").is_dir() else Path.cwd()


def _run(place: DemoHome, read: Inputs, contents: Sequence[bytes], digest: str) -> None:
    """Everything between the inputs and the funnel; each step does nothing where it was done before."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415
    from clearinghouse.prover.local import LocalProver  # noqa: PLC0415
    from clearinghouse.prover.sandbox.find import find_sandbox  # noqa: PLC0415

    settings = wiring.settings()
    with closing(find_sandbox(settings.prover_state)) as sandbox:  # first of all: without a sandbox nothing is begun
        say(f"{'going on in' if place.mark().digest == digest else 'working in'} {place.folder}")
        place.begin(digest)
        place.make_once("tables", wiring.ready, "clearinghouse.sqlite3*")
        wiring.ready()
        _send(read, contents)
        _work(LocalProver(settings.cache.expanduser().absolute(), settings.prover_state, sandbox))
    _state(read)
    _publish()
    place.finish()


def _send(read: Inputs, contents: Sequence[bytes]) -> list[Receipt]:
    """Hand every report in; the receipts in order. What was handed in before is known, and stays one report."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415
    from clearinghouse.intake.services import submit  # noqa: PLC0415

    return [
        submit(content, finder=sent.finder, name=sent.path.name, clock=wiring.clock, queue=wiring.queue())
        for sent, content in zip(read.reports, contents, strict=True)
    ]


def _work(prover: Prover) -> None:
    """Run the worker until nothing is left. Raises KeyboardInterrupt at Ctrl-C, Conflict when something cannot be."""
    from clearinghouse.bootstrap import worker  # noqa: PLC0415
    from clearinghouse.cli.demo_progress import Watched, display  # noqa: PLC0415

    stop = threading.Event()
    with display() as shown:
        watched = Watched(prover, shown, stop)
        ended = worker.work(watched, lanes=LANES, until_idle=True, progress=shown.funnel, stop=stop)
    if stop.is_set():
        raise KeyboardInterrupt
    if ended.undone:
        raise Conflict(
            f"not finished: {', '.join(ended.undone)}", advice="see the diagnostics above, then run this again"
        )


def _state(read: Inputs) -> None:
    """State the inputs of priorities that no proof can show, each once."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415
    from clearinghouse.cases import queries, services  # noqa: PLC0415

    for row in queries.cases(actor=LOCAL):
        known = {(fact.name, fact.value, fact.source) for fact in row.priority.facts}
        for fact in read.stated:
            if fact.package == row.package and (fact.name, fact.value, COORDINATOR) not in known:
                words = {"name": fact.name, "value": fact.value, "because": fact.because}
                services.assess(row.id, **words, actor=LOCAL.called(COORDINATOR), at=wiring.clock())


def _publish() -> None:
    """Publish every case that has a fix; what a person must confirm, the demo's coordinator confirms aloud."""
    from clearinghouse.advisories import services  # noqa: PLC0415
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415
    from clearinghouse.cases import queries  # noqa: PLC0415

    folder = wiring.settings().published
    for draft in folder.glob(".*") if folder.is_dir() else ():
        draft.unlink()  # a demo was killed while it wrote this
    for row in queries.cases(actor=LOCAL):
        if not row.fixed or row.published_at:
            continue
        for item in row.confirm:
            say(f"{row.id}: the {COORDINATOR} confirms {item}")
        services.publish(
            row.id, actor=LOCAL.called(COORDINATOR), confirm=bool(row.confirm), folder=folder, clock=wiring.clock
        )


def _show(read: Inputs, contents: Sequence[bytes]) -> Outcome:
    """Print the funnel and the headline; what came of it all."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    wiring.ready()
    from clearinghouse.cases import figures  # noqa: PLC0415
    from clearinghouse.cli.demo_check import Outcome  # noqa: PLC0415
    from clearinghouse.intake import queries as intake  # noqa: PLC0415

    funnel = figures.funnel(actor=LOCAL)
    stages = ("reports", "runs", "proven", "cases", "published")
    table(stages, [[f"{getattr(funnel, stage):,}" for stage in stages]])
    put_line(funnel.headline)
    sys.stdout.flush()
    counts = {name: getattr(funnel, name) for name in ("reports", "finders", "proofs", "proven", "cases", "published")}
    counts |= {name: funnel.by_state.get(ReportState(name), 0) for name in ("parked", "returned")}
    cases = {row.id: row.case_id for row in intake.reports(actor=LOCAL)}
    keys = [sent.key for sent in read.reports]
    return Outcome(counts, {key: cases[receipt.id] for key, receipt in zip(keys, _send(read, contents), strict=True)})


def _check(read: Inputs, outcome: Outcome) -> None:
    """Compare with what the inputs demand, and verify the journal. IntegrityError once all differences are named."""
    from clearinghouse.cli.demo_check import differences  # noqa: PLC0415
    from clearinghouse.journal import queries as journal  # noqa: PLC0415

    found = differences(read.expected, outcome)
    verified = journal.verify()
    if verified.broken is not None:
        found.append(f"the journal is broken: {verified.broken}")
    for line in found:
        say(f"differs: {line}")
    if found:
        raise IntegrityError(
            f"the outcome differs from what the inputs demand, in {len(found)} point{'s' if len(found) != 1 else ''}",
            advice="run it with --fresh, then look at the reports named",
        )
    put_line(f"as the inputs demand; the journal is whole: {verified.entries} entries in {verified.chains} chains")


def _serve(port: int) -> None:
    """Serve the pages until Ctrl-C; on another port where this one is taken."""
    try:
        server = Server(HOST, port)
    except Unavailable:
        say(f"port {port} is taken: using another")
        server = Server(HOST, 0)
    with closing(server):
        announce(server)
        server.run()
