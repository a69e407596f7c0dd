"""Figures of the prover, as JSON lines: verdicts per minute over the corpus, a run's overhead, CPU of `--help`.

Each line says what was measured, how, and on what: `protocol` is enough to repeat it. Nothing else should run on the
machine meanwhile; `load` is the load average at the start of each measurement, so that a reader can tell.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.prover.interpreters import own_interpreter

from clearinghouse.cli.prove import LANES, cache_folder, prove_all
from clearinghouse.core.proof import Verdict
from clearinghouse.prover.local import LocalProver
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.interface import Bind, Command, Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.prover.interpreters import Interpreter

    from clearinghouse.prover.sandbox.interface import Sandbox

    Timed = Callable[[], float]  # wall seconds of one run

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "examples" / "proofs"
COMMAND = Path(sys.executable).with_name("clearinghouse")
TARGET = {  # a small target: a package of a few modules that import what such packages import
    "small/__init__.py": "from small.parse import parse\n",
    "small/parse.py": "import json\nimport re\nfrom small.model import Model\nparse = lambda text: Model(text)\n",
    "small/model.py": "import dataclasses\n\n@dataclasses.dataclass\nclass Model:\n    text: str\n",
}


def say(**fields: Any) -> None:
    """One figure."""
    print(json.dumps(fields), flush=True)


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


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
    load = os.getloadavg()[0]
    seconds, other = once()
    say(
        figure="verdicts per minute", value=round(60 * len(paths) / seconds, 1), bundles=len(paths), lanes=LANES,
        seconds=round(seconds, 1), first_pass_seconds=round(cold, 1), not_proven=other, isolation=prover.isolation,
        load=load, **machine(),
        protocol="every proof of examples/proofs declared `proven`, twice through prove_all in one process; the first "
        "pass installs what is missing and is not counted; the figure is 60 x bundles / seconds of the second",
    )  # fmt: skip


def _bare(interpreter: Interpreter, code: str, tree: Path) -> float:
    began = time.perf_counter()
    command = [str(interpreter.executable), "-I", "-S", "-B", "-c", code.format(tree=tree)]
    done = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0
    return time.perf_counter() - began


def _walled(sandbox: Sandbox, interpreter: Interpreter, code: str, tree: Path) -> float:
    binds = [Bind(tree, "/opt/target")]
    if not interpreter.is_system:
        binds.append(Bind(interpreter.prefix, "/opt/python"))
    env = {"LD_LIBRARY_PATH": interpreter.library_path} if interpreter.library_path else {}
    argv = (interpreter.inside, "-I", "-S", "-B", "-c", code.format(tree="/opt/target"))
    command = Command(argv, env=env, binds=tuple(binds), report=True, mask=interpreter.site_folders)
    began = time.perf_counter()
    outcome = sandbox.run(command)
    spent = time.perf_counter() - began
    if outcome.ending is not Ending.EXITED or outcome.code:
        sys.exit(f"the run failed: {outcome}")
    return spent


def overhead(rounds: int) -> None:
    """A run in the sandbox against the same command as a bare subprocess."""
    interpreter = own_interpreter()
    if interpreter is None:
        sys.exit("this interpreter cannot run proofs")
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
            for what, code in (
                ("empty Python", "pass"),
                ("small target", "import sys; sys.path.append('{tree}'); import small; small.parse('x')"),
            ):
                bare = partial(_bare, interpreter, code, tree)
                _overhead(what, bare, partial(_walled, sandbox, interpreter, code, tree), sandbox.isolation, rounds)
        finally:
            sandbox.close()


def _overhead(what: str, bare_run: Timed, walled_run: Timed, isolation: str, rounds: int) -> None:
    sides = {"bare": bare_run, "sandbox": walled_run}
    times: dict[str, list[float]] = {side: [] for side in sides}
    load = os.getloadavg()[0]
    for number in range(rounds + 2):  # two to warm the caches
        for side in sorted(sides, reverse=bool(number % 2)):  # who goes first takes turns
            spent = sides[side]()
            if number > 1:
                times[side].append(spent)
    bare, walled = statistics.median(times["bare"]), statistics.median(times["sandbox"])
    say(
        figure=f"overhead of a run: {what}", value=round(walled / bare, 2), unit="times a bare subprocess",
        bare_ms=round(1000 * bare, 1), sandbox_ms=round(1000 * walled, 1), rounds=rounds,
        isolation=isolation, load=load, **machine(),
        protocol="one command, `python -I -S -B -c CODE`, by subprocess.run and by Sandbox.run in turns; wall time "
        "from the call to its return; the first two rounds are not counted; the figure is median / median",
    )  # fmt: skip


def help_cpu(rounds: int) -> None:
    """CPU seconds of `clearinghouse --help`."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([str(COMMAND), "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    load = os.getloadavg()[0]
    times = [once() for _ in range(rounds + 1)][1:]
    say(
        figure="CPU of --help", value=round(statistics.median(times), 3), unit="s", worst=round(max(times), 3),
        rounds=rounds, load=load, **machine(),
        protocol="user and system CPU of the finished child by getrusage; the first round is not counted; median",
    )  # fmt: skip


def main() -> None:
    """Measure what was asked for; everything by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", help="verdicts, overhead, help (default: all)")
    parser.add_argument("--bundles", type=int, metavar="N", help="at most N bundles of the corpus (default: all)")
    parser.add_argument("--rounds", type=int, default=30, metavar="N", help="rounds of overhead and help (default: 30)")
    asked = parser.parse_args()
    measures: dict[str, Callable[[], None]] = {
        "help": lambda: help_cpu(asked.rounds),
        "overhead": lambda: overhead(asked.rounds),
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
