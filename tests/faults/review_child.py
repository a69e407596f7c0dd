"""A house with one review in a process of its own: `python -m … MODE`, in the home that the environment names.

Modes: `prepare` makes a running evaluation with a process of its own, and one that a worker is to carry out, in a
window that closes in SECONDS; `carry` does what the worker's loop does until it is killed, and writes `ready` when the
second has its process; `work` does it without carrying anything out, every 50 ms, until all processes are ended, and
writes `ready` first; `look` says what came of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta

from clearinghouse.adapters.runs import control_of
from clearinghouse.adapters.signing import keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.evaluations import Evaluations
from tests.reviews import carried

SECONDS = 14.0


def prepare() -> None:
    from clearinghouse.core.review.window import Planned  # noqa: PLC0415
    from clearinghouse.reviews import services  # noqa: PLC0415
    from tests.reviews.factories import HEX, table  # noqa: PLC0415

    made = table()
    made.vault = wiring.vault()  # type: ignore[assignment]
    made.at = wiring.clock()
    made.accepted()
    keys.make(wiring.settings().key_file)
    services.set_plan(made.key, carried.plan().digest, actor=made.people["ada"], at=made.at)
    made.strike()
    evaluation = services.start(made.key, "open", HEX, actor=made.people["eve"], at=made.at)
    place = wiring.settings().root / "suite"
    place.mkdir()
    signed = ProcessSigner(wiring.settings().key_file).plan(carried.plan()).content
    order = services.Order(suite=str(place), signed_plan=signed, vault=made.vault)
    services.start(made.key, "words", carried.Suite().digest, actor=made.people["ada"], at=made.at, order=order)
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


def carry() -> None:
    from clearinghouse.reviews.models import Evaluation  # noqa: PLC0415

    evaluations = Evaluations(
        wiring.settings(), wiring.vault(), wiring.runs(), wiring.clock, carried.COMMAND, hand_in=str
    )
    ready = wiring.settings().root / "ready"
    while True:
        wiring.tend_reviews(None)
        evaluations.look()
        row = Evaluation.objects.get(order__isnull=False)
        if row.progress.get("doing", "").startswith("setting up") and row.control and not ready.exists():
            ready.write_text(str(row.control["pid"]))
        time.sleep(0.05)


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
        "released": kinds.count("credential released"),
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
    {"prepare": prepare, "carry": carry, "work": work, "look": look}[sys.argv[1]]()
