"""Kills a verb at each of its statements: `python -m tests.faults.walker FOLDER`, a request a line, an answer a line.

A request names a verb and says how many of its statements to try. For each, a process of its own begins with a copy
of the prepared database, calls the verb and ends itself by SIGKILL right before or right after the n-th statement (a
commit counts as one). Another one then does what a restarted worker does, and says what stands in the tables. The
answer lists, for each statement, whether that is as if the verb had not been called, as if it had not been disturbed,
or neither.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import traceback
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, connections
from django.db.backends.signals import connection_created

from clearinghouse.bootstrap import wiring
from tests import databases
from tests.faults import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.verbs import Verb

KILLED = -int(signal.SIGKILL)


@dataclass
class Deadly:
    """Counts the statements of every connection of this process, and ends it at the n-th: 0 for never."""

    n: int = 0
    after: bool = False
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, **seen: Any) -> None:
        """Watch a connection that was opened."""
        opened = seen["connection"]
        opened.execute_wrappers.append(lambda execute, *args: self.around(lambda: execute(*args)))
        commit = opened._commit
        opened._commit = lambda: self.around(commit)

    def around(self, act: Callable[[], Any]) -> Any:
        with self.lock:
            self.count += 1
            mine = self.count == self.n
        if mine and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = act()
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


class Place:
    """A home folder with its database, copied from another's; everything is done in processes of their own."""

    def __init__(self, folder: Path, held: ExitStack, *, template: Place | None = None) -> None:
        self.folder = folder
        if template is not None:
            shutil.copytree(template.folder, folder)
        else:
            folder.mkdir(parents=True)
        held.callback(shutil.rmtree, folder)
        held.enter_context(databases.made(folder, template=template.folder if template else None))

    def run(self, act: Callable[[], Any], *, deadly: Deadly | None = None) -> tuple[int, Any]:
        """How a process that does this here ended, and what it said. Raises what it said when it failed."""
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            self._be(act, deadly or Deadly(), writing)
        os.close(writing)
        with os.fdopen(reading) as stream:
            said = stream.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status not in {0, KILLED}:
            raise RuntimeError(said)
        return status, json.loads(said) if said else None

    def _be(self, act: Callable[[], Any], deadly: Deadly, writing: int) -> None:
        try:
            os.environ.update(databases.environment(self.folder))
            wiring.settings.cache_clear()
            name = databases.parameters(self.folder)["dbname"] if databases.SERVER else wiring.settings().database
            connection.settings_dict["NAME"] = connections.settings["default"]["NAME"] = name
            connection_created.connect(deadly.watch, weak=False)
            said, status = json.dumps(act()), 0
            connections.close_all()
        except BaseException:  # noqa: BLE001  # whatever it is, the parent is to hear of it
            said, status = traceback.format_exc(), 1
        os.write(writing, said.encode()) if len(said) < 60_000 else _write(writing, said)
        os._exit(status)


def _write(writing: int, said: str) -> None:
    with os.fdopen(writing, "w") as stream:
        stream.write(said)


def _quiet(_done: object) -> None:
    """Nothing to say of what was done."""


def _house(day: int) -> Any:
    from tests.faults.verbs import BUGS  # noqa: PLC0415
    from tests.intake.factories import START, House, Ticking  # noqa: PLC0415
    from tests.proofs.simulator import Simulator  # noqa: PLC0415

    return House(Simulator(dict(BUGS)), Ticking(START + timedelta(days=day)))


@dataclass(frozen=True)
class Undisturbed:
    """How many statements the verb has, and what there is in the end: without it, with it, and with it called later."""

    count: int
    without: dict[str, Any]
    with_it: dict[str, Any]
    later: dict[str, Any]


class Walk:
    """One verb, from its prepared database on."""

    def __init__(self, verb: Verb, empty: Place, folder: Path, held: ExitStack) -> None:
        self.verb, self._folder, self._held = verb, folder, held
        self._base = Place(folder / "base", held, template=empty)
        self._base.run(lambda: _quiet(verb.prepare(_house(0))))
        self._n = 0
        self._seen: dict[str, tuple[str, str]] = {}

    def copy(self, held: ExitStack) -> Place:
        self._n += 1
        return Place(self._folder / str(self._n), held, template=self._base)

    def undisturbed(self) -> Undisturbed:
        """What comes of the verb, and of leaving it, when nothing happens in between."""
        with ExitStack() as held:
            place, counted, other = self.copy(held), Deadly(), self.copy(held)
            _, count = place.run(lambda: (self.verb.call(_house(1)), counted.count)[1], deadly=counted)
            without = other.run(_recovered)[1]
            other.run(lambda: _quiet(self.verb.call(_house(3))))
            return Undisturbed(count, without, place.run(_recovered)[1], other.run(_recovered)[1])

    def killed_at(self, n: int, *, after: bool, calm: Undisturbed) -> dict[str, Any]:
        """Kill the verb there, do what a restarted worker does, and call the verb again where that is no harm."""
        with ExitStack() as held:
            place = self.copy(held)
            status, _ = place.run(lambda: _quiet(self.verb.call(_house(1))), deadly=Deadly(n, after=after))
            # Inside one transaction most kills leave the very same rows: what a restart makes of them is seen once.
            # A queue keeps its own tables, so what has one is restarted each time.
            left = place.run(snapshot.left)[1] if self.verb.steady else str(self._n)
            if left not in self._seen:
                self._seen[left] = self._restarted(place, calm)
            found, again = self._seen[left]
        return {"n": n, "after": after, "killed": status == KILLED, "found": found, "again": again}

    def _restarted(self, place: Place, calm: Undisturbed) -> tuple[str, str]:
        seen = place.run(_recovered)[1]
        found = "all" if seen == calm.with_it else "nothing" if seen == calm.without else ""
        again, wanted = "", calm.with_it if found == "all" else calm.later
        if self.verb.again:
            place.run(lambda: _quiet(self.verb.call(_house(3))))
            again = _difference(place.run(_recovered)[1], wanted)
        return found or f"neither: {_difference(seen, calm.with_it)}", again


def _recovered() -> dict[str, Any]:
    """Do what a restarted worker does, and say what there is."""
    from clearinghouse.journal.queries import verify  # noqa: PLC0415
    from tests.faults import verbs  # noqa: PLC0415

    verbs.recover(_house(2))
    folder = wiring.settings().published
    files = sorted(path.name for path in folder.iterdir() if path.name[0] != ".") if folder.is_dir() else []
    return {"rows": snapshot.taken(), "broken": str(verify().broken), "undone": wiring.undone(), "files": files}


def _difference(seen: dict[str, Any], wanted: dict[str, Any]) -> str:
    """What is there too much and what is missing, in short."""
    lines = [
        f"{name}: {seen[name]} for {wanted[name]}"
        for name in ("broken", "undone", "files")
        if seen[name] != wanted[name]
    ]
    for model, rows in wanted["rows"].items():
        lines += [f"missing {model} {row}" for row in rows if row not in seen["rows"][model]]
        lines += [f"too much {model} {row}" for row in seen["rows"][model] if row not in rows]
    return "\n".join(lines)[:3000]


def _points(count: int, tries: int) -> Iterator[tuple[int, bool]]:
    """Which statements are tried, spread evenly, the last one among them: 0 tries for all, before and after."""
    if not tries or tries >= count:
        yield from ((n, after) for n in range(1, count + 1) for after in (False, True))
        return
    yield from ((n * count // tries, True) for n in range(1, tries + 1))


def main(folder: Path) -> None:
    """Answer requests until there are no more."""
    wiring.start()
    from tests.faults.verbs import VERBS  # noqa: PLC0415

    connections.close_all()
    verbs = {verb.name: verb for verb in VERBS}
    with ExitStack() as held:
        empty = Place(folder / "empty", held)
        empty.run(lambda: _quiet(wiring.migrate()))
        for line in sys.stdin:
            asked = json.loads(line)
            try:
                answer = _walked(verbs[asked["verb"]], asked["tries"], empty, folder / "walk")
            except RuntimeError as error:  # what a process said before it failed
                answer = {"error": str(error)}
            print(json.dumps(answer), flush=True)  # noqa: T201


def _walked(verb: Verb, tries: int, empty: Place, folder: Path) -> dict[str, Any]:
    with ExitStack() as held:
        walk = Walk(verb, empty, folder, held)
        calm = walk.undisturbed()
        outcomes = [walk.killed_at(n, after=after, calm=calm) for n, after in _points(calm.count, tries)]
    changes = calm.without != calm.with_it
    return {"count": calm.count, "outcomes": outcomes, "changes": changes, "end": calm.with_it}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
