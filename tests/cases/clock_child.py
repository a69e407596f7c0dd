"""A clearinghouse in a process of its own, whose clock strikes in several threads at once: `python -m … OUT`."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from clearinghouse.bootstrap import wiring
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug

THREADS, CASES = 4, 3


def main(out: Path) -> None:
    wiring.ready()
    from clearinghouse.cases import services  # noqa: PLC0415
    from clearinghouse.cases.models import Case  # noqa: PLC0415
    from clearinghouse.core.protocol.embargo_terms import Anchor, Terms  # noqa: PLC0415
    from clearinghouse.core.roles import CaseRole  # noqa: PLC0415
    from clearinghouse.core.visibility import LOCAL  # noqa: PLC0415
    from clearinghouse.journal import queries as journal  # noqa: PLC0415
    from clearinghouse.registry.services import know_finder  # noqa: PLC0415
    from tests.intake.factories import house  # noqa: PLC0415

    clearing = house(**{f"bug{n}": Bug(f"gizmo.core:load{n}") for n in range(CASES)})
    for n in range(CASES):
        clearing.send(Sketch(f"bug{n}", words=str(n)))
    clearing.work()
    know_finder("Silent", at=clearing.clock())
    for case in Case.objects.order_by("pk"):
        at = clearing.clock()
        services.propose_embargo(case.public_id, Terms(Anchor.REPORT, timedelta(days=9)), actor=LOCAL, at=at)
        services.decide_embargo(case.public_id, accept=True, actor=LOCAL, at=at)
        services.invite(case.public_id, "silent", [CaseRole.OBSERVER], actor=LOCAL, at=at)
    gate, struck = threading.Barrier(THREADS), []

    def strike(_number: int) -> None:
        gate.wait()
        for days in (8, 10):
            at = clearing.clock.at + timedelta(days=days)
            wiring.with_own_connections(lambda at=at: struck.extend(services.end_due(at=at)))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(strike, range(THREADS)))
    checked = journal.verify()
    kinds = [entry.kind for case in Case.objects.all() for entry in journal.entries(f"case/{case.public_id}")]
    seen = {"struck": sorted(struck), "ended": sum(kind[:2] == "ET" for kind in kinds), "broken": str(checked.broken)}
    out.write_text(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
