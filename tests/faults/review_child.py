"""A house with one review in a process of its own: `python -m … MODE`, in the home that the environment names.

Modes: `prepare` makes a running evaluation with a process of its own, in a window that closes in SECONDS; `work` does
what the worker's loop does, every 50 ms, until the evaluation's process is ended, and writes `ready` first; `look` says
what came of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta

from clearinghouse.adapters.runs import control_of
from clearinghouse.bootstrap import wiring

SECONDS = 12.0


def prepare() -> None:
    from clearinghouse.core.review.window import Planned  # noqa: PLC0415
    from clearinghouse.reviews import services  # noqa: PLC0415
    from tests.reviews.factories import table  # noqa: PLC0415

    made = table()
    made.vault = wiring.vault()  # type: ignore[assignment]
    made.at = wiring.clock()
    evaluation = made.running()
    quiet = subprocess.DEVNULL
    sleeping = subprocess.Popen(["sleep", "300"], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    services.note_control(evaluation, control_of(sleeping.pid), actor=made.people["eve"], at=wiring.clock())
    folder = wiring.settings().evaluations / evaluation
    folder.mkdir(parents=True)
    (folder / "samples.jsonl").write_text("{}\n")
    soon = Planned(public=wiring.clock() + timedelta(seconds=SECONDS))
    services.plan_release(made.key, soon, actor=made.people["dev"], at=wiring.clock())
    closes = made.review.closes_at
    assert closes is not None
    tell({"key": made.key, "pid": sleeping.pid, "closes": closes.timestamp()})


def tell(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def work() -> None:
    from clearinghouse.reviews.models import Evaluation  # noqa: PLC0415

    (wiring.settings().root / "ready").touch()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for line in wiring.tend_reviews(None):
            tell(line)
        if not Evaluation.objects.filter(stopped_at__isnull=True).exists():
            return
        time.sleep(0.05)
    sys.exit(1)


def look() -> None:
    from clearinghouse.journal import queries as journal  # noqa: PLC0415
    from clearinghouse.reviews.models import Credential, Evaluation, Review  # noqa: PLC0415

    review = Review.objects.get()
    kinds = [entry.kind for entry in journal.entries(f"review/{review.key}")]
    assert review.closed_at is not None
    assert review.closes_at is not None
    found = {
        "state": review.state,
        "ended": kinds.count("access ended"),
        "late": (review.closed_at - review.closes_at).total_seconds(),
        "sealed": Credential.objects.filter(sealed__isnull=False).count(),
        "evaluations": list(Evaluation.objects.values_list("state", flat=True)),
        "broken": str(journal.verify().broken),
    }
    tell(found)


if __name__ == "__main__":
    wiring.ready()
    {"prepare": prepare, "work": work, "look": look}[sys.argv[1]]()
