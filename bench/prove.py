"""Figures of the prover, as JSON lines: verdicts per minute over the corpus, CPU of `--help`.

Each line says what was measured, how, and on what: `protocol` is enough to repeat it. Nothing else should run on the
machine meanwhile; `load` is the load average at the start of each measurement, so that a reader can tell.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from figures import CORPUS, load, machine, say

from clearinghouse.cli.prove import LANES, prove_all
from clearinghouse.core.proof import Verdict
from clearinghouse.prover.cache import cache_folder
from clearinghouse.prover.local import LocalProver

if TYPE_CHECKING:
    from collections.abc import Callable

    Timed = Callable[[], float]  # wall seconds of one run

COMMAND = Path(sys.executable).with_name("clearinghouse")


def real_bundles(most: int | None) -> list[str]:
    """The corpus's real vulnerabilities: everything declared to be proven, evenly thinned out to `most`."""
    declared = tomllib.loads((CORPUS / "expected.toml").read_text())
    names = [name for name, expected in sorted(declared.items()) if expected["verdict"] == Verdict.PROVEN]
    step = max(1, len(names) // most) if most else 1
    return [str(CORPUS / name) for name in names[::step][:most]]


def verdicts(most: int | None) -> None:
    """Verdicts per minute: the corpus once with every target installed and every control built."""
    paths = real_bundles(most)
    cache = cache_folder()
    prover = LocalProver(cache, cache / "run")

    def once() -> tuple[float, list[str]]:
        began = time.monotonic()
        found = list(prove_all(prover, paths, lambda _path, _step: None))
        seen = [f"{Path(answer.path).name}: {answer.result.verdict}" for answer in found
                if answer.result.verdict is not Verdict.PROVEN]  # fmt: skip
        return time.monotonic() - began, seen

    cold, _ = once()
    began_with = load()
    seconds, other = once()
    say(
        figure="verdicts per minute", value=round(60 * len(paths) / seconds, 1), bundles=len(paths), lanes=LANES,
        seconds=round(seconds, 1), first_pass_seconds=round(cold, 1), not_proven=other, isolation=prover.isolation,
        load=began_with, **machine(),
        protocol="every proof of examples/proofs declared `proven`, twice through prove_all in one process; the first "
        "pass installs what is missing and is not counted; the figure is 60 x bundles / seconds of the second",
    )  # fmt: skip


def help_cpu(rounds: int) -> None:
    """CPU seconds of `clearinghouse --help`."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([str(COMMAND), "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    began_with = load()
    times = [once() for _ in range(rounds + 1)][1:]
    say(
        figure="CPU of --help", value=round(statistics.median(times), 3), unit="s", worst=round(max(times), 3),
        rounds=rounds, load=began_with, **machine(),
        protocol="user and system CPU of the finished child by getrusage; the first round is not counted; median",
    )  # fmt: skip


def main() -> None:
    """Measure what was asked for; everything by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", help="verdicts, help (default: all)")
    parser.add_argument("--bundles", type=int, metavar="N", help="at most N bundles of the corpus (default: all)")
    parser.add_argument("--rounds", type=int, default=30, metavar="N", help="rounds of help (default: 30)")
    asked = parser.parse_args()
    measures: dict[str, Callable[[], None]] = {
        "help": lambda: help_cpu(asked.rounds),
        "verdicts": lambda: verdicts(asked.bundles),
    }
    unknown = set(asked.figures) - measures.keys()
    if unknown or asked.rounds < 1:
        parser.error(f"no such figure: {', '.join(unknown)}" if unknown else "--rounds must be at least 1")
    for name, measure in measures.items():
        if not asked.figures or name in asked.figures:
            measure()


if __name__ == "__main__":
    main()
