"""An agent's work folder goes on from command to command, and nothing but plain files comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import InvalidInput
from clearinghouse.evaluation.agents import BASELINES
from clearinghouse.evaluation.agents.bench import Bench
from clearinghouse.evaluation.interface import Answer, Offer
from clearinghouse.evaluation.workspace import Workspace
from clearinghouse.prover.sandbox.find import find_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BubblewrapSandbox]:
    found = find_sandbox(tmp_path_factory.mktemp("state"))
    yield found
    found.close()


def workspace(sandbox: BubblewrapSandbox, tree: Path | None = None) -> Workspace:
    offer = Offer(
        prompt="",
        answer=Answer(path="out/answer.txt", max_bytes=1000),
        files={"given/one.txt": b"hello"},
        trees={"/target": tree} if tree else {},
        environment={"TOLD": "so"},
    )
    return Workspace(sandbox, offer)


def shell(space: Workspace, command: str) -> str:
    return space.run(["/bin/sh", "-c", command], seconds=5).stdout.decode()


def test_the_folder_goes_on_and_nothing_else_does(sandbox: BubblewrapSandbox, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir(mode=0o755)
    (tree / "code.py").write_text("pass")
    space = workspace(sandbox, tree)
    said = shell(
        space,
        "cat given/one.txt; echo $TOLD; ls /target; mkdir out; echo hi > out/answer.txt; echo x > /tmp/y;"
        " (setsid sleep 60 &); echo > /target/code.py; ls -A /root /home /work 2>/dev/null",
    )
    assert said == "helloso\ncode.py\n"
    assert shell(space, "cat out/answer.txt; ls -A /tmp; pgrep sleep; cat /target/code.py") == "hi\npass"
    assert space.read("out/answer.txt", 10) == b"hi\n"
    assert space.read("out/other.txt", 10) is None
    assert space.cpu_seconds > 0


def test_links_folders_and_masses_are_not_taken_and_paths_stay_inside(sandbox: BubblewrapSandbox) -> None:
    space = workspace(sandbox)
    shell(space, "ln -s /etc/passwd link; mkfifo pipe; mkdir folder; head -c 2000 /dev/zero > big; ln big hard")
    for name in ("link", "pipe", "folder"):
        with pytest.raises(InvalidInput, match="not a plain file"):
            space.read(name, 100)
    with pytest.raises(InvalidInput, match="more than 100 bytes"):
        space.read("big", 100)
    assert space.read("hard", 2000) == bytes(2000)
    for path in ("../etc/passwd", "/etc/passwd", "a/../../b", "."):
        with pytest.raises(InvalidInput, match="outside"):
            space.write(path, b"")
    space.write("link", b"mine")
    assert shell(space, "cat link") == "mine"


def test_a_command_that_does_not_end_or_fills_the_folder_costs_only_itself(sandbox: BubblewrapSandbox) -> None:
    space = workspace(sandbox)
    late = space.run(["/bin/sh", "-c", "echo kept > kept; sleep 60"], seconds=1)
    assert late.timed_out
    assert shell(space, "cat kept") == "kept\n"
    space.run(["/bin/sh", "-c", "yes > full"], seconds=2)
    assert shell(space, "cat kept") == "kept\n"


def test_scripted_agents_leave_what_they_say(sandbox: BubblewrapSandbox) -> None:
    def left(name: str) -> bytes | None:
        space = workspace(sandbox)
        BASELINES[name](Bench(workspace=space, seed=name, seconds=5.0, secret=b"known"))
        return space.read("out/answer.txt", 1000)

    assert left("oracle") == b"known"
    assert left("do-nothing") is None
    assert left("copy-the-proof") is None
    assert left("edit-the-harness") == b"[]"
    with pytest.raises(InvalidInput):
        left("symlink")
    with pytest.raises(InvalidInput):
        left("megabytes")
