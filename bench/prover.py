"""Figures of the prover, as JSON lines: what a run costs, and the memory of the process that supervises runs.

Each line says what was measured, how, and on what: `protocol` is enough to repeat it. Nothing else should run on the
machine meanwhile; `load` is the load average when the measurement began, so that a reader can tell.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from figures import CORPUS, load, machine, say
from histories import versions

from clearinghouse.core.manifest import CallRun, Claim, Manifest, OracleSpec, Runtime, Target
from clearinghouse.core.proof import OracleName, Signal, Verdict
from clearinghouse.prover.builds import NotBuilt, build
from clearinghouse.prover.cache import Cache, cache_folder
from clearinghouse.prover.runner import Plan, Runner
from clearinghouse.prover.runtimes.interface import Workbench
from clearinghouse.prover.sandbox.arguments import arguments
from clearinghouse.prover.sandbox.find import find_program, find_sandbox
from clearinghouse.prover.sandbox.inits import Init
from clearinghouse.prover.sandbox.interface import Bind, Command, Ending
from clearinghouse.prover.sandbox.interpreter import shown_python
from clearinghouse.prover.sandbox.launcher import memory_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

    Once = Callable[[], None]

TARGET = {  # a small target: a package of a few modules that import what such packages import
    "small/__init__.py": "from small.parse import parse\n",
    "small/parse.py": "import json\nimport re\nfrom small.model import Model\nparse = lambda text: Model(text)\n",
    "small/model.py": "import dataclasses\n\n@dataclasses.dataclass\nclass Model:\n    text: str\n",
}
WORK = {"empty Python": "pass", "small target": "import sys; sys.path.append('{tree}'); import small; small.parse('x')"}
LANES = 2
SUPERVISOR = """
import atexit, sys
from pathlib import Path
fields = lambda: dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
atexit.register(lambda: Path(sys.argv[-1]).write_text(fields()["VmHWM"].split()[0]))
from clearinghouse.cli.main import app
app(["prove", "--json", sys.argv[1]])
"""


@dataclass(frozen=True, slots=True)
class Sides:
    """The same Python program, started in three ways; each call is one run to its end."""

    bare: Once
    bwrap: Once
    sandbox: Once

    def all(self) -> dict[str, Once]:
        """By name, in the order of the figures."""
        return {"bare": self.bare, "bwrap": self.bwrap, "sandbox": self.sandbox}


def sides(sandbox: BubblewrapSandbox, code: str, tree: Path) -> Sides:
    """The three ways to run `code`, in which `{tree}` stands for the target's folder."""
    python = shown_python("/opt/python")
    env = {"LD_LIBRARY_PATH": python.library_path} if python.library_path else {}
    binds = tuple(Bind(Path(source), inside) for source, inside in python.binds)
    program = find_program()[0].executable
    flags = ("-I", "-S", "-B", "-c")
    command = Command(
        (python.executable, *flags, code.format(tree="/opt/target")),
        env=env, binds=(*binds, Bind(tree, "/opt/target")), mask=python.masks, report=True,
    )  # fmt: skip
    executable = next((source for source, inside in python.binds if inside == python.executable), python.executable)

    def bare() -> None:
        argv = [executable, *flags, code.format(tree=tree)]
        subprocess.run(argv, capture_output=True, check=True, stdin=subprocess.DEVNULL)

    def bwrap() -> None:
        _alone(program, command, sandbox)

    def walled() -> None:
        outcome = sandbox.run(command)
        if outcome.ending is not Ending.EXITED or outcome.code:
            sys.exit(f"the run failed: {outcome}")

    return Sides(bare, bwrap, walled)


def _alone(program: str, command: Command, sandbox: BubblewrapSandbox) -> None:
    """The command under bubblewrap with the same namespaces, mounts and filter, and nothing else of the sandbox."""
    host = replace(sandbox.host, init=Init("none", command.argv, command.env.get("LD_LIBRARY_PATH", ""), (), ()))
    argv, passed = [program], []
    for part in arguments(command, host, str):
        if isinstance(part, dict):
            passed.append(memory_file(part["data"]))
            argv.append(str(passed[-1]))
        elif part != "--as-pid-1":  # bubblewrap's own pid 1 stands where ours would
            argv.append(part)
    try:
        subprocess.run(argv, capture_output=True, check=True, stdin=subprocess.DEVNULL, pass_fds=passed)
    finally:
        for descriptor in passed:
            os.close(descriptor)


def runs(asked: argparse.Namespace) -> None:
    """What a sandboxed run costs, against a bare subprocess and against bubblewrap alone."""
    with tempfile.TemporaryDirectory(prefix="clearinghouse-bench-") as name:
        place = Path(name)
        tree = place / "tree"
        for path, text in TARGET.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        for folder in (place, tree, tree / "small"):
            folder.chmod(0o755)
        sandbox = find_sandbox(place / "state")
        try:
            for what, code in WORK.items():
                ways = sides(sandbox, code, tree).all()
                about = {"isolation": sandbox.isolation, "init": sandbox.init, "load": load(), **machine()}
                _one_at_a_time(what, ways, asked.rounds, about)
                _in_lanes(what, ways, asked.seconds, {**about, "load": load()})
        finally:
            sandbox.close()


def _one_at_a_time(what: str, ways: dict[str, Once], rounds: int, about: dict[str, object]) -> None:
    times: dict[str, list[float]] = {way: [] for way in ways}
    names = list(ways)
    for number in range(rounds + 2):  # two to warm the caches
        first = number % len(names)
        for way in names[first:] + names[:first]:  # who goes first takes turns
            began = time.perf_counter()
            ways[way]()
            if number > 1:
                times[way].append(time.perf_counter() - began)
    medians = {way: statistics.median(spent) for way, spent in times.items()}
    say(
        figure=f"wall time of a run: {what}", value=round(medians["sandbox"] / medians["bwrap"], 2),
        unit="times bubblewrap alone", times_bare=round(medians["sandbox"] / medians["bare"], 2),
        **{f"{way}_ms": round(1000 * seconds, 1) for way, seconds in medians.items()}, rounds=rounds, **about,
        protocol="one command, `python -I -S -B -c CODE`: by subprocess.run; by subprocess.run under bubblewrap with "
        "the namespaces, mounts and system call filter of the sandbox; by Sandbox.run. In turns, the first of a round "
        "alternating; wall time from the call to its return; two rounds not counted; median / median",
    )  # fmt: skip


def _in_lanes(what: str, ways: dict[str, Once], seconds: float, about: dict[str, object]) -> None:
    slices = 3
    done: dict[str, float] = dict.fromkeys(ways, 0.0)
    spent: dict[str, float] = dict.fromkeys(ways, 0.0)
    for _ in range(slices):
        for way, once in ways.items():
            began = time.perf_counter()
            with ThreadPoolExecutor(LANES) as pool:
                done[way] += sum(pool.map(_repeat, [once] * LANES, [began + seconds / slices] * LANES))
            spent[way] += time.perf_counter() - began
    rates = {way: done[way] / spent[way] for way in ways}
    say(
        figure=f"runs per second: {what}", value=round(rates["sandbox"], 1), unit="runs/s", lanes=LANES,
        of_bubblewrap_alone=round(rates["sandbox"] / rates["bwrap"], 2),
        **{f"{way}_per_second": round(rate, 1) for way, rate in rates.items()}, seconds=seconds, **about,
        protocol="the same three, each by as many threads of one process as there are lanes, as many runs as fit into "
        f"`seconds`, {slices} slices in turns; completed runs / time until the last was complete",
    )  # fmt: skip


def _repeat(once: Once, end: float) -> int:
    """How many runs were begun before `end`; all are complete."""
    count = 0
    while time.perf_counter() < end:
        once()
        count += 1
    return count


def memory(asked: argparse.Namespace) -> None:
    """The most memory that the process of `clearinghouse prove` ever had resident while it proved one bundle."""
    bundles = asked.bundles or _some_bundles()
    began = load()
    peaks = {}
    for bundle in bundles:
        peaks[bundle.name] = [_peak_mb(bundle) for _ in range(2)][1]  # the first may install what is missing
    say(
        figure="memory of the supervisor", value=max(peaks.values()), unit="MB", bundles=peaks, load=began, **machine(),
        protocol="`clearinghouse prove --json BUNDLE`, twice, in a process of its own; VmHWM of that process alone at "
        "its end, 1 MB = 10^6 bytes; the second time; the largest over the bundles",
    )  # fmt: skip


WARM = {  # one call each; importing what it names is most of a full start
    "django": ("4.2.14", "django.db.models:Q", {"name": "x"}),
    "six": ("1.16.0", "six:ensure_text", {"s": "x"}),
}


def warm(asked: argparse.Namespace) -> None:
    """Repeats of form 1 from one warm start of the target, against as many full starts."""
    with tempfile.TemporaryDirectory(prefix="clearinghouse-bench-") as name:
        sandbox = find_sandbox(Path(name) / "state")
        try:
            for package, (version, function, kwargs) in WARM.items():
                run = CallRun(({"call": function, "kwargs": kwargs},))
                target = Target(f"pkg:pypi/{package}", "pypi", package, version)
                oracle = OracleSpec(OracleName.PREDICATE, insecure="no such text")
                manifest = Manifest(Claim("a figure"), target, Runtime(), run, oracle)
                builds = build(manifest, Workbench(Cache(cache_folder()), sandbox))
                if isinstance(builds, NotBuilt):
                    sys.exit(f"{package}: {builds.reason}")
                runner = Runner(sandbox, manifest=manifest, files={}, runtime=builds.runtime, state=Path(name) / "runs")
                _warm(f"{package} {version}", runner, builds.vulnerable, asked)
        finally:
            sandbox.close()


def _warm(what: str, runner: Runner, tree: Installed, asked: argparse.Namespace) -> None:
    began, plan = load(), Plan()
    full, forked = [], []
    for number in range(asked.rounds + 1):  # one to warm the caches
        times = []
        for count in (asked.full, asked.forks):
            start = time.perf_counter()
            seen = runner.repeat(tree, plan, count) if count == asked.forks else [
                runner.run(tree, plan) for _ in range(count)
            ]  # fmt: skip
            if not seen or any(item.signal is not Signal.SILENT for item in seen):
                sys.exit(f"{what}: the runs failed")
            times.append((time.perf_counter() - start) / count)
        if number:
            full.append(times[0])
            forked.append(times[1])
    ratios = [slow / quick for slow, quick in zip(full, forked, strict=True)]
    say(
        figure=f"form-1 repeats on a warm target: {what}", value=round(statistics.median(ratios), 1),
        unit="times the runs of full starts", full_ms=round(1000 * statistics.median(full), 1),
        warm_ms=round(1000 * statistics.median(forked), 2), rounds=asked.rounds, forks=asked.forks, load=began,
        **machine(),
        protocol="each round: `full` runs of one call, each in a sandbox and with an import of its own; then `forks` "
        "forked from one start in one sandbox, whose start and import count too; wall time / runs; the median over the "
        "rounds of full / warm; one round not counted",
    )  # fmt: skip


def _some_bundles() -> list[Path]:
    """Three real vulnerabilities of the corpus, evenly taken from those declared to be proven."""
    declared = tomllib.loads((CORPUS / "expected.toml").read_text())
    names = [name for name, expected in sorted(declared.items()) if expected["verdict"] == Verdict.PROVEN]
    return [CORPUS / name for name in names[:: max(1, len(names) // 3)][:3]]


def _peak_mb(bundle: Path) -> float:
    with tempfile.NamedTemporaryFile() as file:
        done = subprocess.run(
            [sys.executable, "-c", SUPERVISOR, str(bundle), file.name], capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1) or not (kib := Path(file.name).read_text()):
            sys.exit(f"{bundle}: {done.stderr.strip() or done.stdout.strip()}")
        return round(int(kib) * 1024 / 1e6, 1)


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    figures = parser.add_subparsers(required=True, metavar="FIGURES")
    part = figures.add_parser("runs", help=runs.__doc__)
    part.add_argument("--rounds", type=int, default=60, metavar="N", help="rounds one at a time (default: 60)")
    part.add_argument("--seconds", type=float, default=9.0, metavar="S", help="of runs in lanes, each way (default: 9)")
    part.set_defaults(measure=runs)
    part = figures.add_parser("warm", help=warm.__doc__)
    part.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds (default: 5)")
    part.add_argument("--full", type=int, default=8, metavar="N", help="full starts in a round (default: 8)")
    part.add_argument("--forks", type=int, default=60, metavar="N", help="forks in a round (default: 60)")
    part.set_defaults(measure=warm)
    part = figures.add_parser("memory", help=memory.__doc__)
    part.add_argument("bundles", nargs="*", type=Path, metavar="BUNDLE", help="default: three of the corpus")
    part.set_defaults(measure=memory)
    part = figures.add_parser("versions", help=versions.__doc__)
    part.add_argument("bundles", nargs="*", type=Path, metavar="BUNDLE", help="whose real histories to search")
    part.set_defaults(measure=versions)
    asked = parser.parse_args()
    asked.measure(asked)


if __name__ == "__main__":
    main()
