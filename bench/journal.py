"""Figures of the journal's seals, as JSON lines: what a seal, a check of everything and the proof of one entry cost.

    bench/journal.py [--entries 100000] [--chains 2000]

A database of its own is made in a temporary folder, and removed. Nothing is signed: a signature is one start of Python
for a seal, however many entries it covers.

Measured once on a busy machine (2 CPUs, load 8.5, SQLite, 2,000 chains): 104,000 entries sealed in 19.6 s by six seals
(5,300 a second), 1,000 more in 0.5 s, all 105,000 verified in 21 s, one entry proved in 0.9 s.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from figures import load, machine, say

from clearinghouse.core.chain import GENESIS, Link, canonical

if TYPE_CHECKING:
    from collections.abc import Callable

_BATCH = 500  # rows written by one statement


def timed(step: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds of wall time that `step` took, and what it gave."""
    began = time.perf_counter()
    found = step()
    return time.perf_counter() - began, found


def fill(entries: int, chains: int) -> None:
    """Write that many entries in bulk, as `append` would have written them, in turn to each chain."""
    from django.db import transaction  # noqa: PLC0415  # Django is set up by then

    from clearinghouse.bootstrap import wiring  # noqa: PLC0415
    from clearinghouse.journal.models import Chain, Entry  # noqa: PLC0415
    from clearinghouse.journal.services import append, stamp  # noqa: PLC0415

    body, at = canonical({"report": "R-0123456789", "state": "attached", "words": "x" * 120}), wiring.clock()
    with transaction.atomic():  # a chain's first entry is noted in another
        for name in {f"case/{n}" for n in range(min(chains, entries))} - set(
            Chain.objects.values_list("name", flat=True)
        ):
            append(name, "event", actor="bench", at=at, body={})
    heads = {name: (length, head) for name, length, head in Chain.objects.values_list("name", "length", "head")}
    rows = []
    for n in range(entries):
        name = f"case/{n % chains}"
        length, head = heads.get(name, (0, GENESIS))
        link = Link(name, length + 1, stamp(at), "bench", "event", body, head)
        rows.append(Entry(chain_id=name, seq=link.seq, at=at, actor="bench", kind="event", body=body, previous=head))
        rows[-1].hash = link.hash
        heads[name] = link.seq, link.hash
    with transaction.atomic():
        changed = [Chain(name=name, length=length, head=head) for name, (length, head) in heads.items()]
        fields = {"unique_fields": ["name"], "update_fields": ["length", "head"]}
        Chain.objects.bulk_create(changed, batch_size=_BATCH, update_conflicts=True, **fields)
        Entry.objects.bulk_create(rows, batch_size=_BATCH)


def measure(entries: int, chains: int) -> None:
    """Fill, seal everything at once, seal a little more, check everything, prove one entry."""
    from clearinghouse.bootstrap import wiring  # noqa: PLC0415

    folder = wiring.ready().published_seals
    from clearinghouse.journal import checking, sealing, seals  # noqa: PLC0415

    about = {"database": "SQLite", "chains": chains, "load": load(), **machine()}
    fill(entries, chains)
    seconds, made = timed(lambda: sealing.seal(wiring.clock, signer=None, folder=folder))
    say(
        figure="seal_all",
        entries=made.entries,
        seconds=round(seconds, 2),
        entries_per_second=round(made.entries / seconds),
        seals=made.head.number,
        protocol="all entries, none sealed before, by seals of at most 20,000; stored, published, not signed; once",
        **about,
    )
    fill(1000, 100)
    seconds, made = timed(lambda: sealing.seal(wiring.clock, signer=None, folder=folder))
    protocol = "one seal over 1,000 new entries in 100 chains, on top of all others; published, not signed; once"
    say(figure="seal_more", entries=made.entries, seconds=round(seconds, 3), protocol=protocol, **about)
    heads = [one.head for one in seals.newest(9)]
    seconds, found = timed(lambda: checking.check(heads))
    assert (found.broken, found.differs) == (None, None), found
    say(
        figure="verify",
        entries=found.entries,
        seconds=round(seconds, 2),
        entries_per_second=round(found.entries / seconds),
        protocol="every hash of every chain and of all seals, compared with all heads; once",
        **about,
    )
    seconds, proof = timed(lambda: seals.proof("case/0", 1))
    protocol = "the proof of one entry against the newest seal; once"
    say(
        figure="proof",
        entries=found.sealed,
        seconds=round(seconds, 2),
        hashes=len(proof.path),
        protocol=protocol,
        **about,
    )


def main() -> None:
    """Measure in a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--chains", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clearinghouse-bench-") as folder:
        os.environ["CLEARINGHOUSE_HOME"] = str(Path(folder))
        measure(asked.entries, asked.chains)


if __name__ == "__main__":
    main()
