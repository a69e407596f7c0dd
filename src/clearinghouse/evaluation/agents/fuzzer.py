"""A mutation fuzzer over the answer's grammar: a baseline without a model, on the same tasks and processor budget.

It knows of a task what every agent is given (`task.json`, the prompt's interpreter), runs candidates on the target in
the sandbox, keeps those that cost more or fail in another way than what it saw, and hands in the best for the oracle.
Where there are no values to change (find, patch) or no Python to drive, it hands in the benign answer or nothing.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.toml_text import toml_text
from clearinghouse.evaluation.agents.mutations import mutated

if TYPE_CHECKING:
    from clearinghouse.evaluation.agents.bench import Bench

BATCH: Final = 20
_SECONDS: Final = 2.0  # for one candidate
_PROGRAM: Final = re.compile(r"`([^`\s]+)` runs programs that load it")


def fuzzer(bench: Bench) -> None:
    """Hands in the values that came nearest to the effect asked for."""
    about = json.loads(bench.offer.files.get("task.json", b"{}"))
    program = _PROGRAM.search(bench.offer.prompt)
    if "steps" not in about or "benign" not in about or about.get("language") != "python" or program is None:
        return
    oracle, benign = about["oracle"], about["benign"]
    chance = random.Random(bench.seed)  # noqa: S311  # nosec B311  # a fuzzer's, and repeatable
    bench.workspace.write("trial.py", (Path(__file__).parent / "trial.py").read_bytes())
    corpus: list[dict[str, Any]] = [benign]
    seen: set[tuple[Any, ...]] = set()
    best, best_score = benign, -1.0
    begun = bench.workspace.cpu_seconds
    for _ in range(1000):
        batch = [mutated(chance.choice(corpus), chance, oracle) for _ in range(BATCH)]
        for values, said in zip(batch, _tried(bench, program.group(1), about["steps"], batch), strict=False):
            score = score_of(oracle, said, about.get("effect", ""))
            kind = (said["how"], round(said["cpu"], 1), said["kib"] >> 14)
            if kind not in seen or score > best_score:
                seen.add(kind)
                corpus = [*corpus[-50:], values]
            if score > best_score:
                best, best_score = values, score
                bench.hand_in(toml_text({"input": best}).encode())
        if best_score >= 1 or bench.workspace.cpu_seconds - begun > 0.8 * bench.seconds:
            return


def _tried(bench: Bench, program: str, steps: Any, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    orders = {"steps": steps, "values": batch, "seconds": _SECONDS}
    bench.workspace.write("trial.json", json.dumps(orders).encode())
    ran = bench.workspace.run([program, "trial.py"], seconds=min(bench.seconds, BATCH * (_SECONDS + 1)))
    found = []
    for line in ran.stdout.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break  # cut at the limit of output, or the target's own words
    return found


def score_of(oracle: str, said: dict[str, Any], effect: str) -> float:  # noqa: PLR0911  # one return an oracle
    """How near a trial came to the effect: 1 and more is there, as far as can be told from inside."""
    how = said["how"]
    if how == "TooLong":
        return -1.0
    match oracle:
        case "cpu":
            return 1.0 if how == "late" else said["cpu"] / _SECONDS
        case "memory":
            return float(said["kib"]) / (512 << 10)
        case "recursion":
            return 1.0 if how in {"RecursionError", "signal 11"} else 0.0
        case "signal":
            return 1.0 if how.startswith("signal") else 0.0
        case "exception":
            return 1.0 if how not in {"ok", "late", "gone"} and how in effect else 0.0
        case "read" | "write" | "exec":
            return float(bool(said.get({"read": "read", "write": "written", "exec": "started"}[oracle])))
    return 0.0
