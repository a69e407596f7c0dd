"""Pages asked for as a browser on this machine would, or as one elsewhere; and a house with something to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.test import Client

from clearinghouse.advisories import services as advisories
from clearinghouse.core import visibility
from clearinghouse.web.viewer import LOCAL
from tests.intake.factories import House, house
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug

if TYPE_CHECKING:
    from pathlib import Path

CASE = "CLH-2026-00001"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def local() -> Client:
    """The coordinator, at this machine."""
    return Client(HTTP_HOST="localhost", **{LOCAL: True})


def stranger() -> Client:
    """Anybody else: the same server, asked over a network."""
    return Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7", **{LOCAL: False})


def text(client: Client, path: str, status: int = 200) -> str:
    """The page at `path`, once it answered with `status`."""
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def filled() -> House:
    """Three reports of one bug, one of another in the same release, one that shows nothing, prose, a broken file."""
    clearing = house(alpha=Bug("gizmo.core:load"), beta=Bug("gizmo.other:dump", oracle="write"))
    clearing.send(Sketch("alpha", aliases=("CVE-2026-0001",)), finder="Lab One")
    clearing.send(Sketch("alpha", fixed="1.6", words="other", title="the loader starts programs"), finder="Lab Two")
    clearing.send(Sketch("alpha", aliases=("CVE-2026-0001",)), finder="Lab Three")
    clearing.send(Sketch("beta", oracle="write", title="dump writes anywhere"), finder="Lab One")
    clearing.send(Sketch("gamma", title="nothing happens"), finder="Lab Two")
    clearing.send(b"# Critical\n\nEverything is broken.\n", finder="Lab Two", name="prose.md")
    clearing.send(b"PK\x03\x04 no archive", finder="Lab Two", name="broken.zip")
    clearing.work()
    return clearing


def publish(clearing: House, folder: Path, case: str = CASE) -> None:
    """Have a coordinator publish a case."""
    advisories.publish(
        case, actor=visibility.LOCAL.called("A. Coordinator"), confirm=True, folder=folder, clock=clearing.clock
    )
