"""A clearinghouse in a process of its own, that can be told to die: `python -m tests.bootstrap.child MODE [WHERE]`.

Modes: `submit` hands in the reports of `REPORTS`, dying after the commit where told to; `work` works until idle; `race`
decides all proofs and then matches them all at once. Dying is SIGKILL, the first time that the place is reached in this
home (a marker file remembers).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.bootstrap import wiring, worker
from tests.proofs.factories import Sketch, archive
from tests.proofs.simulator import Bug, Simulator

if TYPE_CHECKING:
    from clearinghouse.core.proof import ProofResult, Trial

BUGS = {
    "alpha": Bug("gizmo.core:load"),
    "beta": Bug("gizmo.core:load", ranges=(("0", "1.6"),)),
    "gamma": Bug("gizmo.core:dump"),
}
REPORTS = [
    ("Lab One", Sketch("alpha", title="one", words="one")),
    ("Lab Two", Sketch("alpha", title="two", words="two")),
    ("Lab Three", Sketch("alpha", title="three", words="three", fixed="1.6")),
    ("Lab One", Sketch("beta", title="four", words="four", fixed="1.6")),
    ("Lab Two", Sketch("beta", title="five", words="five", fixed="1.6")),
    ("Lab Two", Sketch("gamma", title="six", words="six")),
    ("Lab Three", Sketch("gamma", title="six", words="six")),
    ("Lab One", Sketch("nothing", title="seven", words="seven")),
]
FUNNEL = {"reports": 8, "proofs": 7, "proven": 7, "cases": 3, "waiting": 0}


def die_once(where: str) -> None:
    """End this process as `kill -9` does, unless it died at this place before."""
    marker = wiring.settings().root / f"died-{where}"
    if where == os.environ.get("DIE_AT") and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)


class Mortal(Simulator):
    """Takes its time, and dies where told to."""

    def prove(self, bundle: bytes) -> ProofResult:
        time.sleep(float(os.environ.get("SLOWLY", "0")))
        die_once("prove")
        return super().prove(bundle)

    def try_on(self, bundle: bytes, version: str) -> Trial:
        time.sleep(float(os.environ.get("SLOWLY", "0")))
        die_once("try_on")
        return super().try_on(bundle, version)


class MortalQueue:
    """Dies between the commit and the enqueueing."""

    def enqueue(self, _name: str, _key: str) -> None:
        die_once("enqueue")


def race() -> None:
    """Every proof is matched in a thread of its own, all let go at one moment."""
    prove, _answer = wiring.jobs(Mortal(BUGS))
    bundles = [key for name, key in wiring.undone() if name == "prove"]
    for bundle in bundles:
        prove.steps["run"](bundle)
    gate = threading.Barrier(len(bundles))

    def match(bundle: str) -> None:
        gate.wait()
        wiring.with_own_connections(lambda: prove.steps["match"](bundle))

    with ThreadPoolExecutor(len(bundles)) as threads:
        list(threads.map(match, bundles))
    for bundle in bundles:
        prove.steps["settle"](bundle)


def main(mode: str) -> None:
    wiring.ready()
    if mode == "submit":
        from clearinghouse.intake.services import submit  # noqa: PLC0415

        for finder, sketch in REPORTS:
            submit(archive(sketch), finder=finder, name="bundle.tar", clock=wiring.clock, queue=MortalQueue())
        return
    if mode == "race":
        race()
    if mode == "work":
        ended = worker.work(Mortal(BUGS), until_idle=True, stale_seconds=float(os.environ.get("STALE", "30")))
        assert ended.undone == (), ended.undone
    from clearinghouse.cases import figures, queries  # noqa: PLC0415
    from clearinghouse.core.visibility import LOCAL  # noqa: PLC0415
    from clearinghouse.journal import seals  # noqa: PLC0415
    from clearinghouse.journal.queries import verify  # noqa: PLC0415
    from clearinghouse.proofs.models import Proof  # noqa: PLC0415

    checked = verify()
    assert checked.broken is None, checked.broken
    cases = [queries.case(row.id, actor=LOCAL) for row in queries.cases(actor=LOCAL)]
    funnel = figures.funnel(actor=LOCAL)
    seen = {
        "funnel": {name: getattr(funnel, name) for name in FUNNEL},
        "cases": sorted(sorted({proof.title for proof in case.proofs}) for case in cases if case),
        "entries": checked.entries,
        "sealed": [published.head.size for published in seals.newest(1)],
        "attempts": sum(Proof.objects.values_list("attempts", flat=True)),
    }
    Path(sys.argv[2]).write_text(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1])
