"""Model review: judged samples a minute, the engine's overhead a sample, and resume after kills.

    python bench/review.py SUITE [--task BEGINNING]... [--kills 20]

Prints JSON lines. `throughput`: the scripted agents `oracle` and `do-nothing` over the tasks, everything counted but
the installing of targets, and the same answers judged by the prover alone, in the order run, alone, alone, run; the
difference a sample is the engine's overhead, start of its process included. Half of the samples, those of `do-nothing`,
need no run of the prover: `proved_per_minute` counts the others alone. `kills`: a run over tasks that are judged in
50 ms is killed (SIGKILL) at a random moment, mostly while samples are made, and begun again, until so many kills are
done; then it is let go to its end. Lost and double samples are counted from what stood there before each kill.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from clearinghouse.evaluation.engine.rejudge import rejudge
from clearinghouse.evaluation.engine.run import Run, Terms
from clearinghouse.evaluation.store import Agent, Budget, Evaluation, Folder, Kind
from clearinghouse.evaluation.suites.load import load_suite
from clearinghouse.prover.cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
PROGRAM = (
    "import sys; from pathlib import Path; from clearinghouse.evaluation.engine.run import Terms;"
    "from tests.evaluation.tiny import TinyTask, evaluation, run;"
    "tasks = [TinyTask(f't{i}', judge_seconds=0.05) for i in range(int(sys.argv[3]))];"
    "run(Path(sys.argv[1]), tasks, evaluation(tasks, 'baseline/oracle', epochs=3), Terms(state=Path(sys.argv[2])))"
)


def put(**line: Any) -> None:
    """One figure."""
    print(json.dumps(line), flush=True)


def throughput(suite: Path, chosen: list[str]) -> None:
    """Judged samples a minute, and what of it is not the judge."""
    loaded, load = load_suite(suite), os.getloadavg()[0]
    tasks = {one.info.id: one for one in loaded.tasks if not chosen or one.info.id.startswith(tuple(chosen))}
    for task in tasks.values():
        task.offer(1)  # sets the target up: installing is not what is measured
    agents = tuple(Agent(name=f"baseline/{name}", kind=Kind.BASELINE) for name in ("oracle", "do-nothing"))
    plan = Evaluation(
        suite=loaded.name, suite_version=loaded.version, suite_digest=loaded.digest, agents=agents, epochs=1,
        budget=Budget(seconds=60.0), tasks=tuple(task.info for task in tasks.values()),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        first, second = (Folder.create(Path(scratch, name), plan) for name in ("first", "second"))

        def tried(folder: Folder) -> bool:
            return Run(folder, tasks, Terms(state=cache_folder() / "run"), lambda _: None).carry_out()

        run, _ = timed(tried, first)
        alone, again = timed(lambda folder: rejudge(folder, tasks), first)
        more, once_more = timed(lambda folder: rejudge(folder, tasks), first)
        last, _ = timed(tried, second)
        samples, again = second.samples(), again + once_more
    run, alone = (run + last) / 2, (alone + more) / 2
    put(
        figure="throughput", tasks=len(tasks), samples=len(samples), seconds=round(run, 2),
        judged_per_minute=round(60 * len(samples) / run, 1),
        proved_per_minute=round(60 * sum(one.artifact is not None for one in samples) / run, 1),
        judge_alone_seconds=round(alone, 2), overhead_seconds_per_sample=round((run - alone) / len(samples), 3),
        judged_again=len(again), equal=sum(one.equal for one in again),
        outcomes={str(o): sum(s.outcome is o for s in samples) for o in {s.outcome for s in samples}},
        processors=os.cpu_count(), load=round(load, 2),
    )  # fmt: skip


def timed(work: Callable[[Folder], T], folder: Folder) -> tuple[float, T]:
    """The seconds that it took, and what came of it."""
    began = time.monotonic()
    found = work(folder)
    return time.monotonic() - began, found


def kills(wanted: int, seed: int) -> None:
    """Samples lost and counted twice over so many kills."""
    chance, tasks = random.Random(seed), 60
    lost = done = progress = 0
    with tempfile.TemporaryDirectory() as scratch:
        out, state = Path(scratch, "out"), Path(scratch, "state")
        command = [sys.executable, "-c", PROGRAM, str(out), str(state), str(tasks)]
        before: list[bytes] = []
        while done < wanted:
            process = subprocess.Popen(command, cwd=ROOT)
            started = time.monotonic()
            # Three of four kills come while samples are made, the others anywhere in the start.
            while (done % 4 or chance.random() < 0.98) and process.poll() is None and time.monotonic() - started < 60:
                if done % 4 and len(lines(out)) > len(before):
                    break
                time.sleep(0.05)
            time.sleep(chance.uniform(0, 1.0))
            if process.poll() is not None:  # it reached its end: a new evaluation goes on with the kills
                lost += sum(line not in lines(out) for line in before)
                out = Path(scratch, f"out{done}")
                command[3], before = str(out), []
                continue
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            now = lines(out)
            lost += sum(line not in now for line in before)
            progress += len(now) - len(before)
            before = now
        subprocess.run(command, cwd=ROOT, check=True)
        final = lines(out)
        lost += sum(line not in final for line in before)
        keys = [(line["agent"], line["task"], line["epoch"]) for line in map(json.loads, final)]
        tried = [(line["agent"], line["task"], line["epoch"]) for line in map(json.loads, lines(out, "attempts.jsonl"))]
    put(
        figure="kills", kills=done, seed=seed, samples=len(keys), expected=tasks * 3, lost=lost,
        double=len(keys) - len(set(keys)) + len(tried) - len(set(tried)), made_before_kills=progress,
    )  # fmt: skip


def lines(out: Path, name: str = "samples.jsonl") -> list[bytes]:
    """The whole lines of the samples, or of another file of the folder."""
    place = out / name
    return place.read_bytes().split(b"\n")[:-1] if place.exists() else []


def main() -> None:
    """Both figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=Path, nargs="?")
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.suite:
        throughput(given.suite, given.task)
    if given.kills:
        kills(given.kills, given.seed)


if __name__ == "__main__":
    main()
