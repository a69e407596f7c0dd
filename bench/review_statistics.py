"""How honest the figures of model reviews are: interval coverage and false positives by simulation, as JSON lines.

    bench/review_statistics.py [--rounds N]

Tasks lie in projects. Each project and each task has a difficulty of its own (normal, on the logit scale, standard
deviations 1.0 and 1.5); an attempt succeeds with the probability that follows. `interval` says in how many rounds the
95 % interval of pass@1 held the true rate, the mean over all projects and tasks there could be. `sign flip` compares
two agents that are equally good on average, of which each has luck of its own with projects (0.5) and tasks (0.7), and
says how often p came below 5 %; `naive` is the same with a t test that takes tasks for independent.
"""

from __future__ import annotations

import argparse
import math
import random

from figures import load, machine, say

from clearinghouse.core.review import rates
from clearinghouse.core.review.comparison import compare
from clearinghouse.core.review.rates import Score
from clearinghouse.core.review.student import critical

SIZES = ((12, 4), (30, 10), (60, 20), (60, 12), (100, 30))
EPOCHS = 3
PROJECT, TASK = 1.0, 1.5
OWN_PROJECT, OWN_TASK = 0.5, 0.7


def chance(logit: float) -> float:
    """The probability of a logit."""
    return 1 / (1 + math.exp(-logit))


def tries(draw: random.Random, logit: float) -> int:
    """Successes in all epochs."""
    p = chance(logit)
    return sum(draw.random() < p for _ in range(EPOCHS))


def truth(draw: random.Random, centre: float) -> float:
    """The true rate: a mean over very many projects and tasks."""
    spread = math.hypot(PROJECT, TASK)
    return math.fsum(chance(draw.gauss(centre, spread)) for _ in range(200_000)) / 200_000


def coverage(draw: random.Random, tasks: int, projects: int, centre: float, rounds: int) -> dict[str, float]:
    """How often the interval holds the truth, and how wide it is on average."""
    true, held, width = truth(draw, centre), 0, 0.0
    for _ in range(rounds):
        hard = [draw.gauss(centre, PROJECT) for _ in range(projects)]
        scores = [
            Score(str(i), str(i % projects), tries(draw, draw.gauss(hard[i % projects], TASK)), EPOCHS)
            for i in range(tasks)
        ]
        found = rates.interval(scores)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true <= found.high
        width += found.high - found.low
    return {"true_rate": round(true, 3), "coverage": round(held / rounds, 4), "mean_width": round(width / rounds, 3)}


def false_positives(draw: random.Random, tasks: int, projects: int, rounds: int) -> dict[str, float]:
    """How often two agents, equally good on average, are told apart at 5 %."""
    flips = naive = 0
    for number in range(rounds):
        hard = [draw.gauss(0, PROJECT) for _ in range(projects)]
        task = [draw.gauss(hard[i % projects], TASK) for i in range(tasks)]
        agents = []
        for _ in range(2):
            luck = [draw.gauss(0, OWN_PROJECT) for _ in range(projects)]
            agents.append(
                [
                    Score(
                        str(i),
                        str(i % projects),
                        tries(draw, task[i] + luck[i % projects] + draw.gauss(0, OWN_TASK)),
                        EPOCHS,
                    )
                    for i in range(tasks)
                ]
            )
        found = compare(*agents, f"{number}")
        flips += found.p is not None and found.p < 0.05
        apart = [a.share - b.share for a, b in zip(*agents, strict=True)]
        mean = math.fsum(apart) / tasks
        error = math.sqrt(math.fsum((one - mean) ** 2 for one in apart) / (tasks - 1) / tasks)
        naive += error > 0 and abs(mean) / error > critical(tasks - 1)
    return {"sign_flip": round(flips / rounds, 4), "naive": round(naive / rounds, 4)}


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    rounds = parser.parse_args().rounds
    draw = random.Random(20261123)
    began = load()
    for tasks, projects in SIZES:
        size = {"tasks": tasks, "projects": projects, "epochs": EPOCHS, "rounds": rounds}
        for centre in (0.0, -2.5):
            say(figure="interval", **size, **coverage(draw, tasks, projects, centre, rounds), load=began, **machine())
        few = rounds // (4 if projects > 14 else 1)  # random flips take longer than exact ones
        error = round(1.96 * math.sqrt(0.05 * 0.95 / few), 4)
        found = false_positives(draw, tasks, projects, few)
        say(figure="sign flip", **(size | {"rounds": few}), **found, chance_error=error, load=began, **machine())


if __name__ == "__main__":
    main()
