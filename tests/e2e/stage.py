"""A live house for actors: its server and its worker, each a process, and people who reach it over HTTP alone.

`python -m tests.e2e.stage people OUT` makes the accounts, `work` runs the worker, `later` lets the term of every
invitation that waits for its answer be over: nobody can wait a week.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import select
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests import databases
from tests.proofs.factories import Sketch, archive
from tests.proofs.simulator import Bug, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MAIN = [sys.executable, "-c", "from clearinghouse.cli.main import main; main()"]
SELF = [sys.executable, "-m", "tests.e2e.stage"]
LABS = ("lab-one", "lab-two")
VENDORS = ("vendor-one", "vendor-two")
OTHERS = ("operator-one", "outsider")
COORDINATOR = "coordinator-one"
BUGS = {"alpha": Bug("gizmo.core:load"), "beta": Bug("gizmo.other:dump", ranges=(("0", "1.6"),))}


@dataclass(frozen=True, slots=True)
class Told:
    """What the server answered: the status, and the body where it is JSON."""

    status: int
    body: Any


@dataclass
class Actor:
    """Somebody with a token of its own, or with none; acts in a thread of its own."""

    name: str
    port: int
    token: str | None = None
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def get(self, path: str) -> Told:
        return self.thread.submit(self._ask, "GET", path, None).result(timeout=60)

    def post(self, path: str, body: Any) -> Told:
        return self.soon(path, body).result(timeout=60)

    def soon(self, path: str, body: Any) -> Future[Told]:
        """A POST that is under way while others act."""
        return self.thread.submit(self._ask, "POST", path, body)

    def does(self, path: str, **body: Any) -> Any:
        """A POST that succeeds."""
        told = self.post(path, body)
        assert told.status == 201, (self.name, path, told)
        return told.body

    def reads(self, path: str) -> Any:
        """A GET that succeeds."""
        told = self.get(path)
        assert told.status == 200, (self.name, path, told)
        return told.body

    def is_refused(self, *paths: str) -> bool:
        """Whether all of that is, to this actor, just what does not exist."""
        nothing = self.get(f"/cases/{'0' * 32}")
        return nothing.status == 404 and all(self.get(path) == nothing for path in paths)

    def hands_in(self, sketch: Sketch) -> str:
        """The id of a report, once the worker has answered it."""
        told = self.post("/reports", archive(sketch))
        assert told.status == 202, told
        report: str = told.body["id"]
        deadline = time.monotonic() + 60
        while self.reads(f"/reports/{report}")["state"] == "proving":
            assert time.monotonic() < deadline, f"{report} is not answered"
            time.sleep(0.2)
        return report

    def finds(self, sketch: Sketch) -> str:
        """The address of the case that the report belongs to."""
        case: str = self.reads(f"/reports/{self.hands_in(sketch)}")["case"]
        return case

    def _ask(self, method: str, path: str, body: Any) -> Told:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Idempotency-Key": str(uuid4()), "Host": "localhost"}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers["Content-Type"] = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection.request(method, f"/api/v1{path}", raw if method == "POST" else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return Told(answer.status, json.loads(content) if is_json and content else content)


@dataclass
class Stage:
    """Everybody, by name, and the home that the server and the worker share."""

    home: Path
    people: dict[str, Actor]

    def __getitem__(self, name: str) -> Actor:
        return self.people[name]

    def run(self, *command: str) -> str:
        """A command at the machine; its output."""
        done = subprocess.run(
            command, cwd=ROOT, env=databases.environment(self.home), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def live(home: Path) -> Iterator[Stage]:
    """A house with its people, its server and its worker, until the block ends."""
    out = home.with_suffix(".json")
    environment = databases.environment(
        home, CLEARINGHOUSE_API_TOKEN_LIMIT="100000", CLEARINGHOUSE_API_ADDRESS_LIMIT="100000"
    )
    subprocess.run([*SELF, "people", str(out)], cwd=ROOT, env=environment, check=True)
    tokens: dict[str, str] = json.loads(out.read_text())
    worker = subprocess.Popen([*SELF, "work"], cwd=ROOT, env=environment)
    command = [*MAIN, "serve", "--port", "0"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert select.select([server.stdout], [], [], 60)[0], "the server did not say that it listens"
        found = re.search(r":(\d+)/$", server.stdout.readline().strip())
        assert found
        people = {name: Actor(name, int(found[1]), token) for name, token in tokens.items()}
        yield Stage(home, {**people, "public": Actor("public", int(found[1]))})
    finally:
        for process in (worker, server):
            process.terminate()
            process.wait(timeout=60)
        assert server.stdout is not None
        server.stdout.close()


def make_people() -> dict[str, str]:
    """Accounts with a token each: labs, vendors, an operator, an outsider, a coordinator of the clearinghouse."""
    from clearinghouse.core.roles import OrganisationKind, SiteRole  # noqa: PLC0415  # Django is set up by now
    from tests.api.factories import person, token  # noqa: PLC0415
    from tests.registry.factories import organisation  # noqa: PLC0415

    tokens = {COORDINATOR: token(person(COORDINATOR, SiteRole.COORDINATOR).party)}
    for name in LABS + VENDORS + OTHERS:
        kind = OrganisationKind.MAINTAINER if name in VENDORS else OrganisationKind.LAB
        tokens[name] = token(organisation(name, kind).party)
    return tokens


def main(mode: str, *rest: str) -> None:
    """One of the modes above."""
    from clearinghouse.bootstrap import wiring, worker  # noqa: PLC0415

    wiring.ready()
    if mode == "work":
        worker.work(Simulator(BUGS))
        os._exit(0)
    if mode == "later":
        from clearinghouse.cases.models import Participant  # noqa: PLC0415

        Participant.objects.filter(consent="invited").update(rsvp_by=wiring.clock())
    if mode == "people":
        Path(rest[0]).write_text(json.dumps(make_people()))


if __name__ == "__main__":
    main(*sys.argv[1:])
