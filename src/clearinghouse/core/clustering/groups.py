"""Groups of records by average linkage: two groups join while their members are alike on average; none chains."""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING

from clearinghouse.core.clustering.likeness import likeness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from clearinghouse.core.clustering.records import BugRecord

THRESHOLD = 0.2
# Pairs less alike than this count as not alike at all: most are, and they need no room.
_LEAST = 0.005
# Above this many records of a project only those are compared that share a build span, a commit or a frame.
EVERY_PAIR_UP_TO = 1500


def grouped(records: Sequence[BugRecord], alike: Callable[[BugRecord, BugRecord], float] = likeness) -> dict[str, str]:
    """For each record's id the id of the first record of its group, in the order of the records; ids are unique.

    Groups never cross projects. The answer depends on the set of records and not on their order, but for the name of a
    group, which is its first member's.
    """
    projects: dict[str, list[BugRecord]] = defaultdict(list)
    for record in records:
        projects[record.project].append(record)
    first = {record.id: place for place, record in enumerate(records)}
    names: dict[str, str] = {}
    for members in projects.values():
        # Ties are broken by id, so that the order of arrival decides nothing.
        members.sort(key=lambda record: record.id)
        for group in _groups(members, alike):
            name = min((record.id for record in group), key=first.__getitem__)
            names.update((record.id, name) for record in group)
    return {record.id: names[record.id] for record in records}


def _groups(records: list[BugRecord], alike: Callable[[BugRecord, BugRecord], float]) -> Iterable[list[BugRecord]]:
    """The groups of one project's records."""
    sums: list[dict[int, float]] = [{} for _ in records]
    for one, other in _pairs(records):
        chance = alike(records[one], records[other])
        if chance >= _LEAST:
            sums[one][other] = sums[other][one] = chance
    members: list[list[int]] = [[place] for place in range(len(records))]
    alive = [True] * len(records)
    heap = [
        (-chance, one, other, 1, 1)
        for one, near in enumerate(sums)
        for other, chance in near.items()
        if one < other and chance >= THRESHOLD
    ]
    heapq.heapify(heap)
    while heap:
        _, one, other, size_one, size_other = heapq.heappop(heap)
        if not (alive[one] and alive[other] and len(members[one]) == size_one and len(members[other]) == size_other):
            continue
        members[one] += members[other]
        alive[other] = False
        for near, chance in sums[other].items():
            if near != one and alive[near]:
                sums[one][near] = sums[one].get(near, 0.0) + chance
        sums[one].pop(other, None)
        for near in list(sums[one]):
            if not alive[near]:
                del sums[one][near]
                continue
            sums[near].pop(other, None)
            sums[near][one] = sums[one][near]
            average = sums[one][near] / (len(members[one]) * len(members[near]))
            if average >= THRESHOLD:
                low, high = min(one, near), max(one, near)
                heapq.heappush(heap, (-average, low, high, len(members[low]), len(members[high])))
    return [[records[place] for place in group] for place, group in enumerate(members) if alive[place]]


def _pairs(records: list[BugRecord]) -> Iterator[tuple[int, int]]:
    """The pairs that are compared: every one, or in a large project those that share something rare enough."""
    if len(records) <= EVERY_PAIR_UP_TO:
        yield from ((one, other) for one in range(len(records)) for other in range(one + 1, len(records)))
        return
    shared: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, record in enumerate(records):
        for key in {
            *((("builds", record.regressed),) if record.regressed else ()),
            *(("commit", commit) for commit in record.introduced),
            *(("frame", frame) for frame in record.state),
        }:
            shared[key].append(place)
    # What more records share than are compared in full tells nothing apart.
    yield from sorted(
        {
            (one, other)
            for places in shared.values()
            if len(places) <= EVERY_PAIR_UP_TO
            for index, one in enumerate(places)
            for other in places[index + 1 :]
        }
    )
