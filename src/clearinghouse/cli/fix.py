"""`clearinghouse fix`: finds the smallest fix of a proof by execution, and writes it as a patch with its record."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from pathlib import Path  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.output import clean, put, put_line, say
from clearinghouse.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clearinghouse.core.fix import SmallestFix
    from clearinghouse.prover.isolate.lead import Progress
    from clearinghouse.prover.isolate.search import Budget, Search, Tried

PATCH, RECORD = "fix.patch", "fix.json"
_MOST_SHOWN = 20  # hunks

Checkout = Annotated[
    list[str] | None,
    typer.Option("--checkout", metavar="REPOSITORY=PATH", help="A local git checkout of a repository. Repeatable."),
]

app = typer.Typer(help="Find fixes by running proofs.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Find fixes by running proofs."""


@app.command("isolate")
def isolate(
    bundle: Annotated[Path, typer.Argument(help="A proof bundle that names a fixed release: a folder or an archive.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the patch and its record.")] = None,
    budget: Annotated[float | None, typer.Option("--budget", min=1, help="Search at most so many seconds.")] = None,
    runs: Annotated[int | None, typer.Option("--runs", min=1, help="Search with at most so many runs.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The run record as one JSON object.")] = False,
    *,
    checkout: Checkout = None,
) -> None:
    """Reduce what a fixed release changed to the smallest set of changes that silences the proof.

    Exit code: 69 without a sandbox, 65 with an invalid bundle, 1 when there is no fix to be had, else 0.
    """
    from clearinghouse.cli.prove import checkouts_of  # noqa: PLC0415  # the prover is loaded when it is needed
    from clearinghouse.core.fix import FixStatus  # noqa: PLC0415
    from clearinghouse.prover.cache import cache_folder  # noqa: PLC0415
    from clearinghouse.prover.isolate.search import Budget  # noqa: PLC0415
    from clearinghouse.prover.local import LocalProver  # noqa: PLC0415

    warnings.simplefilter("ignore", SyntaxWarning)  # of the releases' own sources, which are read for their syntax tree
    folder = out or Path(f"{bundle.resolve().name.split('.')[0] or 'bundle'}.fix")
    _writable(folder)
    cache = cache_folder()
    prover = LocalProver(cache, cache / "run", checkouts=checkouts_of(checkout or []))
    limit = Budget(budget, runs)
    with _progress(limit) as progress:
        found = prover.isolate_path(bundle, limit, progress)
    _write(folder, found)
    if as_json:
        put(found.as_json())
    else:
        _tell(folder, found)
    raise typer.Exit(1 if found.status is FixStatus.NOT_ISOLATED else 0)


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be made: {error.strerror}", advice="choose another folder with --out"
        ) from None


def _write(folder: Path, found: SmallestFix) -> None:
    """Write the record, and the patch where there is one; an older patch does not stay beside a record without."""
    (folder / PATCH).unlink(missing_ok=True)
    if found.patch:
        (folder / PATCH).write_bytes(found.patch)
    (folder / RECORD).write_text(json.dumps(found.as_json(), indent=2) + "\n", encoding="utf-8")


def _tell(folder: Path, found: SmallestFix) -> None:
    """The result for a person."""
    put_line(f"{found.status}{': ' + found.reason if found.reason else ''}")
    if found.kept:
        put_line(
            f"{len(found.kept)} of {found.hunks} hunks in {len({hunk.path for hunk in found.kept})} of {found.files} "
            f"files, {found.runs} runs, {found.seconds:.0f} s"
        )
        for hunk in found.kept[:_MOST_SHOWN]:
            names = ", ".join(hunk.functions)
            put_line(f"  {hunk.path} line {hunk.line}: -{hunk.removed} +{hunk.added}  {names}")
        if len(found.kept) > _MOST_SHOWN:
            put_line(f"  and {len(found.kept) - _MOST_SHOWN} more: {RECORD} has all of them")
    say(f"written to {clean(str(folder))}: {PATCH if found.patch else 'no patch'}, {RECORD}")


@contextlib.contextmanager
def _progress(budget: Budget) -> Iterator[Progress]:
    """On a terminal, a bar that fills with the budget on stderr; silent otherwise."""
    from clearinghouse.prover.isolate.lead import Progress  # noqa: PLC0415

    if not sys.stderr.isatty():
        yield Progress()
        return
    from rich.console import Console  # noqa: PLC0415  # only a terminal pays for it
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[runs]} runs"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        total = budget.runs or budget.seconds
        task = bar.add_task("starting", total=total, runs=0)

        def tried(entry: Tried, search: Search) -> None:
            best = len(search.best or ())
            done = search.runs if budget.runs else search.seconds
            words = f"{entry.step}: {len(entry.hunks)} hunks: {entry.trying.outcome}; best {best}"
            bar.update(task, description=clean(words), completed=done, runs=search.runs)

        yield Progress(say=lambda words: bar.update(task, description=clean(words)), tried=tried)
