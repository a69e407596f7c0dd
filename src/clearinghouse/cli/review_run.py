"""`clearinghouse review run|rejudge|control`: agents try tasks; answers are judged again; a run is steered."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import stat
import sys
from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearinghouse.cli.output import put, put_line, say, table
from clearinghouse.core.errors import InvalidInput, NotFound, Refused, Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clearinghouse.core.review.tasks import TaskInfo
    from clearinghouse.evaluation.engine.orders import Credentials, Prices
    from clearinghouse.evaluation.engine.run import Progress
    from clearinghouse.evaluation.store import Agent, Budget, Evaluation, Folder
    from clearinghouse.evaluation.suites.load import Suite

CANCELLED = 75
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def run(  # noqa: PLR0917  # Typer's options
    suite: Annotated[Path, typer.Argument(help="The suite's folder.")],
    out: Annotated[Path, typer.Option("--out", help="The evaluation folder; the same again goes on there.")],
    model: Annotated[str | None, typer.Option("--model", help="A model, as inspect-ai names it.")] = None,
    baseline: Annotated[list[str] | None, typer.Option("--baseline", help="An agent that needs no model.")] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="How often each task is tried.")] = 1,
    tokens: Annotated[int | None, typer.Option("--tokens", min=1, help="Of one attempt.")] = None,
    cost: Annotated[float | None, typer.Option("--cost", help="Of one attempt, in the currency of --prices.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Of one attempt.")] = 600.0,
    messages: Annotated[int | None, typer.Option("--messages", min=1, help="Of one attempt.")] = None,
    prices: Annotated[
        str | None, typer.Option("--prices", help="INPUT,OUTPUT: what a million tokens of each cost.")
    ] = None,
    credentials: Annotated[
        Path | None,
        typer.Option("--credentials", help="A file of yours alone with the endpoint's url and key as JSON."),
    ] = None,
    task: Annotated[list[str] | None, typer.Option("--task", help="Only these tasks, by id or its beginning.")] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="The digest of the signed plan.")] = None,
    width: Annotated[int, typer.Option("--width", min=1, help="Attempts at a time.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Let agents try the tasks of a suite in the sandbox, and judge what they hand in.

    Whatever ends it, the same command again does only what is missing. Ctrl-C cancels. Exit code: 69 where sandbox,
    engine or endpoint are not to be had, 75 when cancelled or the folder is another's, else 0.
    """
    from clearinghouse.evaluation.engine.run import Run, Terms  # noqa: PLC0415
    from clearinghouse.evaluation.store import Budget, Folder  # noqa: PLC0415
    from clearinghouse.evaluation.suites.load import load_suite  # noqa: PLC0415
    from clearinghouse.prover.cache import cache_folder  # noqa: PLC0415

    agents = _agents(model, baseline or [])
    if importlib.util.find_spec("inspect_ai") is None:
        raise Unavailable("the evaluation engine is not installed", advice="install openclearinghouse[reviews]")
    if cost is not None and prices is None:
        raise UsageError("--cost: the price of tokens is not known", advice="give --prices INPUT,OUTPUT")
    budget = Budget(
        tokens=tokens, cost_micros=None if cost is None else round(cost * 1e6), seconds=seconds, messages=messages
    )
    loaded = load_suite(suite)
    chosen = {one.info.id: one for one in loaded.tasks if not task or one.info.id.startswith(tuple(task))}
    if not chosen:
        raise NotFound(f"{suite}: has no task that begins with {', '.join(task or [])}", advice="see `suite show`")
    _refuse_to_show(loaded, model)
    planned = _evaluation(
        loaded, agents, tuple(one.info for one in chosen.values()), epochs=epochs, budget=budget, plan=plan
    )
    folder = Folder.create(out, planned)
    terms = Terms(
        state=cache_folder() / "run", credentials=_credentials(credentials), prices=_prices(prices), width=width
    )
    with _progress() as show:
        finished = _steered(Run(folder, chosen, terms, show), out)
    _say_result(Folder.open(out), finished=finished, as_json=as_json)
    if not finished:
        raise typer.Exit(CANCELLED)


def rejudge(
    folder: Annotated[Path, typer.Argument(help="An evaluation folder, or an evaluation's key.")],
    suite: Annotated[Path, typer.Option("--suite", help="The suite's folder.")],
    as_: Annotated[str | None, typer.Option("--as", help="Of an evaluation on this server, for that person.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge again what was handed in; needs no model, and changes nothing.

    Exit code: 1 where an outcome is another one now, else 0.
    """
    from clearinghouse.cli.review_carried import folder_at  # noqa: PLC0415
    from clearinghouse.evaluation.engine.rejudge import rejudge as again  # noqa: PLC0415
    from clearinghouse.evaluation.suites.load import load_suite  # noqa: PLC0415

    loaded = load_suite(suite)
    found = again(folder_at(str(folder), as_), {one.info.id: one for one in loaded.tasks})
    other = [one for one in found if not one.equal]
    if as_json:
        rows = [
            {"agent": one.sample.agent, "task": one.sample.task, "epoch": one.sample.epoch,
             "was": one.sample.outcome, "now": one.now.outcome, "reasons": one.now.reasons}
            for one in other
        ]  # fmt: skip
        put({"judged": len(found), "equal": len(found) - len(other), "other": rows})
    else:
        put_line(f"{len(found)} judged again, {len(found) - len(other)} with the same outcome")
        for one in other:
            why = "; ".join(one.now.reasons)
            was = one.sample
            put_line(f"{was.agent} {was.task} {was.epoch}: {was.outcome}, now {one.now.outcome}: {why}")
    if other:
        raise typer.Exit(1)


def control(
    folder: Annotated[Path, typer.Argument(help="An evaluation folder.")],
    what: Annotated[str, typer.Argument(help="pause, go-on or cancel.")],
) -> None:
    """Steer the run in a folder: pause after the attempts under way, go on, or cancel; also ahead of the next run."""
    from clearinghouse.evaluation.engine.control import Ask, ask  # noqa: PLC0415
    from clearinghouse.evaluation.store import Folder  # noqa: PLC0415

    asks = {"pause": Ask.PAUSE, "go-on": Ask.GO_ON, "cancel": Ask.CANCEL}
    if what not in asks:
        raise UsageError(f"{what}: is none of {', '.join(asks)}", advice="name one of them")
    ask(Folder.open(folder).path, asks[what])
    say(f"{folder}: {what}")


def _agents(model: str | None, baselines: list[str]) -> tuple[Agent, ...]:
    from clearinghouse.evaluation.agents import BASELINES  # noqa: PLC0415
    from clearinghouse.evaluation.store import Agent, Kind  # noqa: PLC0415

    for name in baselines:
        if name not in BASELINES:
            raise UsageError(f"--baseline {name}: there is none", advice=f"name one of {', '.join(BASELINES)}")
    if not baselines and model is None:
        raise UsageError("nobody is to try the tasks", advice="give --model or --baseline")
    found = [Agent(name=f"baseline/{name}", kind=Kind.BASELINE) for name in baselines]
    return (*found, *([Agent(name=model, kind=Kind.MODEL)] if model else []))


def _refuse_to_show(suite: Suite, model: str | None) -> None:
    """Raises Refused where a model would be given tasks of a review's private suite that no start has spent."""
    if suite.file.choice and model is not None:
        raise Refused(
            "holdout tasks are shown to a model by a start of its review, which spends them",
            advice="`clearinghouse review start`; baselines may try them anywhere",
        )


def _evaluation(
    suite: Suite,
    agents: tuple[Agent, ...],
    tasks: tuple[TaskInfo, ...],
    *,
    epochs: int,
    budget: Budget,
    plan: str | None,
) -> Evaluation:
    from importlib.metadata import version  # noqa: PLC0415

    from clearinghouse import __version__  # noqa: PLC0415
    from clearinghouse.evaluation.store import Evaluation  # noqa: PLC0415

    return Evaluation(
        suite=suite.name,
        suite_version=suite.version,
        suite_digest=suite.digest,
        agents=agents,
        epochs=epochs,
        budget=budget,
        tasks=tasks,
        versions={"clearinghouse": __version__, "inspect-ai": version("inspect-ai")},
        plan=plan,
    )


def _credentials(file: Path | None) -> Credentials:
    """What the file says. Raises Refused where others can read it."""
    from clearinghouse.evaluation.engine.confine import host_and_port  # noqa: PLC0415
    from clearinghouse.evaluation.engine.orders import Credentials  # noqa: PLC0415

    if file is None:
        return Credentials()
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise Refused(f"{file}: others may read it", advice=f"chmod 600 {file}")
        found = json.loads(file.read_text())
        made = Credentials(url=str(found["url"]), key=str(found["key"]))
    except FileNotFoundError:
        raise NotFound(f"{file}: there is no such file") from None
    except (ValueError, KeyError, TypeError, OSError):
        # Its words stay out of the message: one of them is the key.
        raise InvalidInput(
            f'{file}: is not {{"url": …, "key": …}} as JSON', advice="write both, and nothing else"
        ) from None
    host_and_port(made.url)
    return made


def _prices(text: str | None) -> Prices | None:
    from clearinghouse.evaluation.engine.orders import Prices  # noqa: PLC0415

    if text is None:
        return None
    try:
        given, taken = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--prices {text}: is not INPUT,OUTPUT", advice="as in --prices 3,15") from None
    return Prices(input=given, output=taken)


def _steered(one: Any, out: Path) -> bool:
    """Carry out a run; an interruption cancels it, and the next one starts unasked."""
    from clearinghouse.evaluation.engine.control import Ask, ask, asked  # noqa: PLC0415

    if asked(out) is Ask.CANCEL:
        ask(out, Ask.GO_ON)
    try:
        return bool(one.carry_out())
    except KeyboardInterrupt:
        return False


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """A moving line on a terminal; otherwise a line when what is being done changes."""
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415

        console = Console(stderr=True, no_color=True if os.environ.get("NO_COLOR") else None)
        with console.status("") as status:
            yield lambda now: status.update(_words(now))
        return
    last = ""

    def show(now: Progress) -> None:
        nonlocal last
        if now.doing != last:
            last = now.doing
            say(_words(now))

    yield show


def _words(now: Progress) -> str:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(now.outcomes.items()))
    return f"{now.done} of {now.total} judged{f' ({counts})' if counts else ''}; {now.doing}"


def _say_result(folder: Folder, *, finished: bool, as_json: bool) -> None:
    from clearinghouse.core.review.samples import Outcome  # noqa: PLC0415

    samples, rows = folder.samples(), []
    for agent in folder.evaluation.agents:
        for family in dict.fromkeys(task.family for task in folder.evaluation.tasks):
            ids = {task.id for task in folder.evaluation.tasks if task.family is family}
            of = [sample for sample in samples if sample.agent == agent.name and sample.task in ids]
            rows.append((agent.name, family, *(sum(one.outcome is outcome for one in of) for outcome in Outcome)))
    if as_json:
        names = ("agent", "family", "passed", "failed", "no_verdict")
        put(
            {
                "folder": folder.path, "finished": finished, "samples": len(samples),
                "missing": len(folder.missing()), "results": [dict(zip(names, row, strict=True)) for row in rows],
            }
        )  # fmt: skip
        return
    table(("agent", "family", "pass", "fail", "no verdict"), [[str(cell) for cell in row] for row in rows])
    say(f"{len(samples)} samples in {folder.path}, {len(folder.missing())} missing")
