"""`clearinghouse suite`: builds suites of tasks from proof bundles, admits them, and shows what is in them."""

from __future__ import annotations

import contextlib
import re
import sys
import warnings
from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.output import clean, put, put_line, say, table
from clearinghouse.core.errors import UsageError
from clearinghouse.core.review.tasks import MAX_LEVEL, Family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from clearinghouse.evaluation.suites.admission import Admission
    from clearinghouse.evaluation.suites.build import Built
    from clearinghouse.evaluation.suites.load import Suite

app = typer.Typer(help="Suites of tasks made from proofs.", no_args_is_help=True, rich_markup_mode=None)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,79}")


@app.callback()
def _group() -> None:
    """Suites of tasks made from proofs."""


@app.command("build")
def build(  # noqa: PLR0917  # one parameter for each option
    bundles: Annotated[list[Path], typer.Argument(metavar="BUNDLE...", help="Proof bundles: folders or archives.")],
    out: Annotated[Path, typer.Option("--out", help="The folder of the suite.")],
    name: Annotated[str | None, typer.Option("--name", help="Its name; else that of the folder.")] = None,
    version: Annotated[str, typer.Option("--version", help="Its version.")] = "1",
    family: Annotated[
        list[Family] | None, typer.Option("--family", help="Tasks of this family. Repeatable; else of all that fit.")
    ] = None,
    level: Annotated[
        list[int] | None, typer.Option("--level", min=0, max=MAX_LEVEL, help="Levels of reproduce. Repeatable; else 1.")
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option(
            "--at-most", metavar="[KIND=]N", help="Tasks of each kind, or of one: find, reproduce-1, … Repeatable."
        ),
    ] = None,
    fix_seconds: Annotated[
        float, typer.Option("--fix-seconds", min=0, help="How long to search each bundle's fix; 0: not at all.")
    ] = 60.0,
    reference: Annotated[
        bool, typer.Option("--reference", help="Refer to the bundles where they are instead of copying them.")
    ] = False,
    holdout: Annotated[bool, typer.Option("--holdout", help="They are of cases under embargo.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="What was built and what was left out as one object.")
    ] = False,
) -> None:
    """Make a suite of tasks from proof bundles: each is proved, and its fix isolated, before it becomes a task.

    Exit code: 69 without a sandbox, 65 with an invalid bundle or where no task comes of them, else 0.
    """
    from clearinghouse.evaluation.suites.build import Wish, build_suite  # noqa: PLC0415  # loaded when needed
    from clearinghouse.evaluation.suites.load import own_prover  # noqa: PLC0415

    called = name or out.resolve().name
    if not _PLAIN.fullmatch(called) or not _PLAIN.fullmatch(version):
        raise UsageError(
            f"--name {clean(called)}, --version {clean(version)}: at most 80 letters, digits, spaces, dots and dashes",
            advice="choose plain ones",
        )
    wish = Wish(
        name=called,
        version=version,
        families=tuple(dict.fromkeys(family or Family)),
        levels=tuple(sorted(set(level or [1]))),
        at_most=_bounds(at_most or []),
        fix_seconds=fix_seconds,
        copied=not reference,
        holdout=holdout,
    )
    warnings.simplefilter("ignore", SyntaxWarning)  # of the releases' own sources, which are read for their syntax tree
    with _progress(len(bundles), "proving and isolating") as done:
        built = build_suite(bundles, out, wish, own_prover(), done)
    _tell_built(out, built, as_json=as_json)


def _tell_built(out: Path, built: Built, *, as_json: bool) -> None:
    if as_json:
        left_out = [{"what": what, "why": why} for what, why in built.left_out]
        put({"folder": str(out), "digest": built.file.digest, "tasks": built.file.tasks, "left_out": left_out})
        return
    for what, why in built.left_out:
        say(f"left out: {clean(what)}: {clean(why)}")
    counts = ", ".join(f"{n} {kind}" for kind in Family if (n := sum(task.family is kind for task in built.file.tasks)))
    put_line(f"{clean(str(out))}: {len(built.file.tasks)} tasks ({counts}), digest {built.file.digest}")


@app.command("check")
def check(
    folder: Annotated[Path, typer.Argument(help="The folder of a suite.")],
    only: Annotated[list[str] | None, typer.Option("--task", help="This task alone. Repeatable.")] = None,
    drop: Annotated[
        bool, typer.Option("--drop", help="Take the tasks that are not admitted out of the suite.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each task, in order.")] = False,
) -> None:
    """Admit each task: its proof's answer passes three times, three idle ones fail, nothing leaks, the network is off.

    Exit code: 69 without a sandbox, 65 with an invalid suite, 1 where a task is not admitted, else 0.
    """
    from clearinghouse.evaluation.suites.admission import TIMES, admit_all  # noqa: PLC0415  # loaded when needed
    from clearinghouse.evaluation.suites.load import load_suite, own_prover  # noqa: PLC0415

    prover = own_prover()
    suite = load_suite(folder, prover=lambda: prover)
    tasks = [task for task in suite.tasks if not only or task.info.id in only]
    for name in set(only or ()) - {task.info.id for task in tasks}:
        raise UsageError(
            f"--task {clean(name)}: {folder} has no such task", advice="clearinghouse suite show lists them"
        )
    found: list[Admission] = []
    with _progress(len(tasks), "admitting") as done:
        for one in admit_all(tasks, prover, done):
            found.append(one)
            if as_json:
                put({**_fields(one), "admitted": one.admitted})
    if not as_json:
        rows = [
            (
                one.task,
                f"{one.passed}/{TIMES}",
                f"{one.idle_failed}/{TIMES}",
                f"{one.seconds:.1f}",
                "; ".join(one.problems),
            )
            for one in found
        ]
        table(("task", "own answer", "idle", "s", "not admitted"), rows)
        put_line(f"{sum(one.admitted for one in found)} of {len(found)} admitted")
    refused = {one.task for one in found if not one.admitted}
    if drop and refused:
        from clearinghouse.evaluation.suites.build import without  # noqa: PLC0415

        say(f"taken out of {clean(str(folder))}: {', '.join(sorted(refused))}")
        without(suite, refused)
    raise typer.Exit(1 if refused and not drop else 0)


@app.command("show")
def show(
    folder: Annotated[Path, typer.Argument(help="The folder of a suite.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="The suite and what everybody may know of its tasks.")
    ] = False,
) -> None:
    """List a suite's tasks, and check that its bundles and fixes are those that it pins.

    Exit code: 65 with an invalid suite, 66 where there is none, else 0.
    """
    from clearinghouse.evaluation.suites.load import load_suite  # noqa: PLC0415  # loaded when needed

    suite = load_suite(folder)
    if as_json:
        tasks = [task.info for task in suite.tasks]
        put({"name": suite.name, "version": suite.version, "digest": suite.digest, "tasks": tasks})
        return
    rows = [
        (task.info.id, task.info.family, str(task.info.level), task.info.project, ", ".join(task.info.weaknesses))
        for task in suite.tasks
    ]
    table(("task", "family", "level", "project", "weaknesses"), rows)
    put_line(_summary(suite))


def _bounds(texts: Sequence[str]) -> dict[str, int]:
    """What `--at-most` says: kind to number, "" for all others. Raises UsageError."""
    kinds = {f"reproduce-{number}" for number in range(MAX_LEVEL + 1)} | set(Family) - {Family.REPRODUCE} | {""}
    found = {}
    for text in texts:
        kind, _, number = text.rpartition("=")
        if kind not in kinds or not number.isdecimal() or not int(number):
            names = ", ".join(sorted(kinds - {""}))
            raise UsageError(f"--at-most {clean(text)}: is no number, nor KIND=NUMBER", advice=f"kinds are {names}")
        found[kind] = int(number)
    return found


def _summary(suite: Suite) -> str:
    projects = {task.info.project for task in suite.tasks}
    counts = ", ".join(f"{n} {kind}" for kind in Family if (n := sum(task.info.family is kind for task in suite.tasks)))
    return f"{suite.name} {suite.version}: {counts}; {len(projects)} projects; digest {suite.digest}"


def _fields(one: Admission) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("task", "passed", "idle_failed", "seconds", "problems")}


@contextlib.contextmanager
def _progress(total: int, words: str) -> Iterator[Callable[[str], None]]:
    """On a terminal, a bar on stderr that says what was done last; silent otherwise."""
    if not sys.stderr.isatty():
        yield lambda _name: None
        return
    from rich.console import Console  # noqa: PLC0415  # only a terminal pays for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns: Sequence[TextColumn | BarColumn | MofNCompleteColumn | TimeElapsedColumn] = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=total)
        yield lambda name: bar.update(task, advance=1, description=f"{words}: {clean(name)}")
