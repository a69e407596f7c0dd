"""`clearinghouse prove PATH…`: decides proof bundles on this machine, without server or database."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import NotFound, UsageError
from clearinghouse.core.proof import ProofResult, Verdict
from clearinghouse.prover.cache import cache_folder
from clearinghouse.prover.local import LocalProver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from clearinghouse.cli.attest import Attestor

EXIT_INVALID = 65
LANES = max(1, min(4, os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class Answer:
    """One PATH of the command line with its result."""

    path: str
    result: ProofResult

    def as_json(self) -> dict[str, Any]:
        """The line that `--json` prints."""
        return {"path": self.path, **self.result.as_json()}


def exit_code(results: Sequence[ProofResult]) -> int:
    """65 if any bundle is invalid, else 1 if any verdict does not support its claim, else 0."""
    if any(result.verdict is Verdict.INVALID for result in results):
        return EXIT_INVALID
    return 0 if all(result.verdict.supports_the_claim for result in results) else 1


def prove_all(prover: LocalProver, paths: Sequence[str], say: Callable[[str, str], None]) -> Iterator[Answer]:
    """Prove every path, a few at a time, and give the answers in the order of the paths."""

    def one(path: str) -> Answer:
        result = prover.prove_path(Path(path), lambda step: say(path, step))
        say(path, "")
        return Answer(path, result)

    with ThreadPoolExecutor(LANES) as lanes:
        futures = [lanes.submit(one, path) for path in paths]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def keep(folder: Path, index: int, answer: Answer) -> None:
    """Write a result and the logs of its runs below `folder`, one sub-folder a path."""
    name = Path(answer.path).name.lstrip(".") or "bundle"
    place = folder / f"{index:03d}-{name}"
    (place / "logs").mkdir(parents=True, exist_ok=True)
    (place / "result.json").write_text(json.dumps(answer.as_json(), indent=2) + "\n", encoding="utf-8")
    for digest, log in answer.result.logs.items():
        (place / "logs" / f"{digest}.txt").write_text(log, encoding="utf-8", errors="backslashreplace")


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[str, str], None]]:
    """On a terminal, one line on stderr that says what is being done; silent otherwise."""
    if not sys.stderr.isatty():
        yield lambda _path, _step: None
        return
    from rich.console import Console  # noqa: PLC0415  # only a terminal pays for it

    console = Console(stderr=True)
    under_way: dict[str, str] = {}
    finished = 0
    with console.status("") as status:

        def say(path: str, step: str) -> None:
            nonlocal finished
            if step:
                under_way[path] = step
            else:
                under_way.pop(path, None)
                finished += 1
            now = "; ".join(f"{Path(name).name}: {what}" for name, what in sorted(under_way.items()))
            status.update(f"{finished} of {total} done; {now}"[: max(20, console.width - 4)])

        yield say


def _table(answers: Sequence[Answer]) -> None:
    from rich import box  # noqa: PLC0415  # --json needs none of it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("bundle", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("grade")
    table.add_column("why", overflow="fold")
    for answer in answers:
        result = answer.result
        style = "green" if result.verdict.supports_the_claim else "red"
        lines = [*result.reasons, *(f"to confirm: {item}" for item in result.confirm)]
        # Text, never markup: a bundle's words may hold square brackets of their own.
        name = Text(Path(answer.path).name)
        table.add_row(name, Text(result.verdict, style), result.grade or "-", Text("\n".join(lines)))
    Console().print(table)


def checkouts_of(texts: Sequence[str]) -> dict[str, Path]:
    """What `--checkout` says: repository to local checkout. Raises UsageError, NotFound."""
    found = {}
    for text in texts:
        repository, given, path = text.rpartition("=")
        if not given or not repository or not path:
            raise UsageError(
                f"--checkout {text}: is not REPOSITORY=PATH", advice="name the repository as the bundle does"
            )
        if not Path(path).is_dir():
            raise NotFound(f"--checkout {text}: there is no folder {path}", advice="clone the repository there")
        found[repository] = Path(path).absolute()
    return found


def prove_command(
    paths: Sequence[str],
    *,
    as_json: bool,
    keep_folder: Path | None,
    attestor: Attestor | None = None,
    checkouts: Mapping[str, Path] | None = None,
) -> int:
    """Carry out `clearinghouse prove`; returns the exit code. Raises SandboxUnavailable before anything runs."""
    cache = cache_folder()
    prover = LocalProver(cache, cache / "run", checkouts=checkouts)
    answers: list[Answer] = []
    with _progress(len(paths)) as say:
        for index, answer in enumerate(prove_all(prover, paths, say), start=1):
            answers.append(answer)
            if as_json:
                print(json.dumps(answer.as_json()), flush=True)  # noqa: T201  # this is the command's data
            if keep_folder is not None:
                keep(keep_folder, index, answer)
            if attestor is not None:
                attestor.attest(answer.result, answer.path)
    if not as_json:
        _table(answers)
    return exit_code([answer.result for answer in answers])
