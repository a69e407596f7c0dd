"""Figures of grouping records without proofs, as JSON lines: pairwise F1 on unseen projects, beside single keys.

The records are read from `--records`, JSON lines (zstd or plain) with a group (`bug`) and how sure it is (`label`). The
model is fitted anew in five parts by project, always on the projects of the other four, and each part is grouped by the
model that has not seen it; the figure is over all five. `--fit` prints weights fitted on all records instead.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import ROOT, load, machine, say

from clearinghouse.core.clustering import likeness
from clearinghouse.core.clustering.groups import THRESHOLD, grouped
from clearinghouse.core.clustering.records import BugRecord, parse_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RECORDS = ROOT.parent / "shared" / "data" / "ossfuzz-bugs.jsonl.zst"
PARTS = 5
SAMPLE = 100_000
RIDGE = 3.0


class Labelled:
    """A record and the group that its fix puts it in."""

    __slots__ = ("bug", "label", "record")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.record: BugRecord = parse_record(raw)
        self.bug = f"{raw['project']} {raw['bug']}"
        self.label: str = raw["label"]


def main() -> int:
    """Measure, or fit."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=Path, default=RECORDS, help="labelled records")
    options.add_argument("--fit", action="store_true", help="print weights fitted on all records")
    asked = options.parse_args()
    if not asked.records.exists():
        print(f"no records at {asked.records}", file=sys.stderr)
        return 66
    everything = [Labelled(raw) for raw in _read(asked.records)]
    sure = [one for one in everything if one.label in {"agreed", "single"}]
    agreed = [one for one in everything if one.label == "agreed"]
    if asked.fit:
        weights, bias = fit(sure)
        print(json.dumps({"bias": round(bias, 3), "weights": [round(float(weight), 3) for weight in weights]}))
        return 0
    _measure(sure, agreed)
    return 0


def _measure(sure: list[Labelled], agreed: list[Labelled]) -> None:
    """F1 of the model on projects it was not fitted on, of the shipped weights, and of each key alone."""
    began = load()
    unseen: dict[str, str] = {}
    for part in range(PARTS):
        weights, bias = fit([one for one in sure if _part(one.record.project) != part])
        unseen |= _grouped_by(
            [one.record for one in agreed if _part(one.record.project) == part], tuple(map(float, weights)), bias
        )
    answers = {
        "unseen_projects": unseen,
        "shipped_weights": grouped([one.record for one in agreed]),
        "same_regressed_range": _by_key(agreed, lambda record: record.regressed),
        "same_introduced_commit": _by_key(agreed, lambda record: " ".join(sorted(record.introduced))),
        "same_state": _by_key(agreed, lambda record: "\n".join(record.state)),
    }
    scores = {name: _score(agreed, answer) for name, answer in answers.items()}
    best = max(scores["same_regressed_range"]["f1"], scores["same_introduced_commit"]["f1"])
    say(
        figure="cluster_f1",
        scores=scores,
        ratio=round(scores["unseen_projects"]["f1"] / best, 3),
        records=len(agreed),
        projects=len({one.record.project for one in agreed}),
        matcher=likeness.MATCHER,
        threshold=THRESHOLD,
        protocol=(
            "records whose two sources name the same fix; fields known before it; pairwise over all pairs; five parts "
            "by project, each grouped by a model fitted on the other four; ratio to the better of the two keys; the "
            "shipped weights were fitted on these projects, so their figure is no test"
        ),
        load=began,
        **machine(),
    )


def fit(sample: list[Labelled]) -> tuple[np.ndarray, float]:
    """Weights and bias of a logistic model with a ridge, by Newton's method; pairs of different bugs are sampled."""
    chance = random.Random(0)
    pairs = list(_pairs(sample))
    chance.shuffle(pairs)
    same = np.array([one.bug == other.bug for one, other in pairs])
    kept = [k for k in range(len(pairs)) if same[k] or chance.random() < SAMPLE / len(pairs)]
    counted = np.array([1.0 if same[k] else max(1.0, len(pairs) / SAMPLE) for k in kept])
    wanted = same[kept].astype(float)
    values = np.array([likeness.features(pairs[k][0].record, pairs[k][1].record) for k in kept])
    middle, spread = values.mean(0), values.std(0) + 1e-9
    columns = np.column_stack([(values - middle) / spread, np.ones(len(kept))])
    ridge = np.diag([RIDGE] * values.shape[1] + [0.0])
    weights = np.zeros(columns.shape[1])
    for _ in range(50):
        chances = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (counted * (wanted - chances)) - ridge @ weights
        bend = (columns * (counted * chances * (1 - chances))[:, None]).T @ columns + ridge
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    plain = weights[:-1] / spread
    return plain, float(weights[-1] - (plain * middle).sum())


def _pairs(sample: list[Labelled]) -> Iterator[tuple[Labelled, Labelled]]:
    """All pairs within a project."""
    projects: dict[str, list[Labelled]] = defaultdict(list)
    for one in sample:
        projects[one.record.project].append(one)
    for members in projects.values():
        yield from itertools.combinations(members, 2)


def _grouped_by(records: list[BugRecord], weights: tuple[float, ...], bias: float) -> dict[str, str]:
    """Groups by other weights than the shipped ones."""

    def alike(one: BugRecord, other: BugRecord) -> float:
        score = bias + float(np.dot(weights, likeness.features(one, other)))
        return float(1 / (1 + np.exp(-score)))

    return grouped(records, alike)


def _by_key(sample: list[Labelled], key: Any) -> dict[str, str]:
    """Groups of records with an equal key; those without one are alone."""
    return {
        one.record.id: f"{one.record.project} {key(one.record)}" if key(one.record) else one.record.id for one in sample
    }


def _score(sample: list[Labelled], answer: dict[str, str]) -> dict[str, float]:
    """Pairwise precision, recall and F1."""
    hits = _inside((one.bug, answer[one.record.id]) for one in sample)
    said = _inside(answer[one.record.id] for one in sample)
    true = _inside(one.bug for one in sample)
    return {
        "precision": round(hits / said, 4) if said else 0.0,
        "recall": round(hits / true, 4) if true else 0.0,
        "f1": round(2 * hits / (said + true), 4) if said + true else 0.0,
    }


def _inside(groups: Iterable[Any]) -> int:
    """How many pairs lie inside groups."""
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())


def _part(project: str) -> int:
    """Which part a project is in, the same for ever."""
    return hashlib.sha256(project.encode()).digest()[0] % PARTS


def _read(file: Path) -> list[dict[str, Any]]:
    """The records of a file."""
    if file.suffix == ".zst":
        text = subprocess.run(["zstd", "-dcq", str(file)], capture_output=True, check=True).stdout.decode()
    else:
        text = file.read_text()
    return [json.loads(line) for line in text.splitlines()]


if __name__ == "__main__":
    sys.exit(main())
