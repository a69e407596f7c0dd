"""`clearinghouse versions BUNDLE`: the affected releases, found by running the proof on them."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path  # noqa: TC003  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearinghouse.cli.output import put, put_line, say, table
from clearinghouse.core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clearinghouse.prover.versions import History

    Say = Callable[[str, int, int], None]


def versions(
    bundle: Annotated[Path, typer.Argument(help="A proof bundle: a folder or an archive.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="The whole record as one JSON object: each release tried, k of n, why.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Try every release instead of searching.")] = False,
    budget: Annotated[int | None, typer.Option("--budget", min=1, help="Try at most this many releases.")] = None,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", help="OSV record (.json), or many (.jsonl, .jsonl.zst), to compare with."),
    ] = None,
) -> None:
    """Find the affected releases of a bundle's target by running the proof on them; prints an OSV range.

    Exit code: 69 without a sandbox, or where the releases cannot be had; 65 with an invalid bundle; 66 where nothing is
    known of the package; 1 when the proof does not fire on its own vulnerable release; else 0.
    """
    from clearinghouse.prover.cache import cache_folder  # noqa: PLC0415  # --help needs none of it
    from clearinghouse.prover.local import LocalProver  # noqa: PLC0415

    published = _records(compare, bundle) if compare is not None else None
    cache = cache_folder()
    with _progress() as tell:
        history = LocalProver(cache, cache / "run").versions(bundle, tell, everything=everything, budget=budget)
    differences = _compared(history, published) if published is not None else None
    if as_json:
        put({**history.as_json(), **({"compared": differences} if differences is not None else {})})
    else:
        _print(history, differences)


def _records(path: Path, bundle: Path) -> list[dict[str, Any]]:
    """The published records about the bundle's target that share an alias with it."""
    from clearinghouse.formats.osv_ranges import affected_of  # noqa: PLC0415
    from clearinghouse.prover.bundle import read_bundle  # noqa: PLC0415

    manifest = read_bundle(bundle).manifest
    target, aliases = manifest.target, set(manifest.claim.aliases)
    found = [
        record
        for record in read_records(path)
        if aliases & {str(record.get("id")), *map(str, record.get("aliases") or ())}
        and affected_of(record, target.ecosystem, target.name)
    ]
    if not found:
        names = ", ".join(sorted(aliases)) or "nothing: the bundle has no aliases"
        raise NotFound(f"{path}: no record about {target.package} names {names}")
    return found


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """The OSV records in a file: one JSON object, or one a line, also compressed with zstd. Raises InvalidInput."""
    import zstandard  # noqa: PLC0415

    try:
        data = path.read_bytes()
        if path.suffix == ".zst":
            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        texts = data.decode("utf-8").splitlines() if ".jsonl" in path.suffixes else [data.decode("utf-8")]
    except (OSError, UnicodeDecodeError, zstandard.ZstdError) as error:
        raise InvalidInput(f"{path}: cannot be read: {error}") from None
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except ValueError as error:
            raise InvalidInput(f"{path} line {number}: is not JSON: {error}") from None
        if not isinstance(record, dict):
            raise InvalidInput(f"{path} line {number}: is no OSV record, which is a JSON object")
        yield record


def _compared(history: History, records: list[dict[str, Any]]) -> dict[str, Any]:
    from clearinghouse.formats.osv_ranges import compare  # noqa: PLC0415

    tried = {item.version: str(item.answer) for item in history.tried}
    ecosystem, _, name = history.package.removeprefix("pkg:").partition("/")
    return compare(records, tried, ecosystem, name)


@contextlib.contextmanager
def _progress() -> Iterator[Say]:
    """A bar on a terminal; silent otherwise."""
    if not sys.stderr.isatty():
        yield lambda _words, _done, _most: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1)
        yield lambda words, done, most: bar.update(task, description=words, completed=done, total=most)


def _print(history: History, differences: dict[str, Any] | None) -> None:
    signs = {"affected": "fires", "unaffected": "silent", "unknown": "unknown"}
    rows = [
        (item.version, signs[item.answer], f"{item.k}/{item.n}" if item.n else "-", item.runtime or "-", item.reason)
        for item in history.tried
    ]
    table(("release", "proof", "fired", "under", "what was seen"), rows)
    tried = f"{history.proofs} of {history.releases} releases tried"
    if not history.contiguous:
        say(f"{tried}; the history is not one stretch: the proof fires, falls silent, and fires again")
    else:
        say(tried)
    for item in history.affected:
        since = f"after {item.clean_before}" if item.clean_before else "with nothing older known to be silent"
        until = f"silent from {item.fixed} on" if item.fixed else "no later release known to be silent"
        say(f"affected: {item.first} to {item.last}, {since}; {until}")
    for low, high in history.undecided:
        say(f"undecided between {low} and {high}: what lies there could not be tried, or the budget was spent")
    for words in (differences or {}).get("disagreements", ()):
        say(
            f"the record {words['record']} calls {words['version']} {words['published']}; executed: {words['executed']}"
        )
    put_line(json.dumps(history.osv))
