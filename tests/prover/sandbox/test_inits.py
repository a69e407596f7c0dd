"""Where a run's init comes from: built here once, trusted only when nobody else can have put it there, else Python's.

That both inits keep the same promises is held by the tests marked BOTH_INITS.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from clearinghouse.prover.decoy import Decoy
from clearinghouse.prover.sandbox import inits
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.inits import compiled_init
from clearinghouse.prover.sandbox.interface import Command, Ending, Limits
from clearinghouse.prover.sandbox.orders import encode
from tests.prover.sandbox.conftest import BOTH_INITS, left

SOURCE = Path(inits.__file__)
needs_a_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler here")


def compiler(folder: Path, script: str) -> str:
    """A PATH on which the only compiler does what `script` says."""
    folder.mkdir()
    program = folder / "cc"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    for tool in ("cat", "sleep"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return str(folder)


def built(cache: Path) -> Path:
    """The program that compiled_init made."""
    found = compiled_init(cache)
    assert found is not None
    return Path(found.binds[0][0])


@needs_a_compiler
def test_the_init_compiles_without_a_warning(tmp_path: Path) -> None:
    command = ["cc", *inits._FLAGS, "-Wall", "-Wextra", "-Werror", "-o", "init", str(SOURCE.with_name("init.c"))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


@needs_a_compiler
def test_the_init_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(tmp_path)
    before = first.stat()
    monkeypatch.setattr(inits, "_build", lambda *_: pytest.fail("built again"))
    assert built(tmp_path) == first
    assert first.stat() == before
    assert [path.name for path in first.parent.iterdir()] == [first.name]


@needs_a_compiler
def test_a_build_that_others_could_have_written_is_replaced(tmp_path: Path) -> None:
    target = built(tmp_path)
    target.chmod(0o755)
    target.write_bytes(b"somebody else's")
    target.chmod(0o777)
    assert built(tmp_path).read_bytes().startswith(b"\x7fELF")
    assert built(tmp_path).stat().st_mode & 0o777 == 0o555
    target.unlink()
    target.symlink_to("/usr/bin/env")
    assert not built(tmp_path).is_symlink()


@needs_a_compiler
def test_of_two_that_build_at_once_the_first_ones_stays(tmp_path: Path) -> None:
    """Its file is mounted for runs already: one that takes its name leaves nothing there to mount."""
    first = built(tmp_path)
    before = first.stat()
    assert inits._build(str(shutil.which("cc")), SOURCE.with_name("init.c"), first)
    assert (first.stat().st_ino, first.stat().st_mode) == (before.st_ino, before.st_mode)
    assert [path.name for path in first.parent.iterdir()] == [first.name]


@needs_a_compiler
def test_another_compiler_means_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = built(tmp_path / "cache")
    monkeypatch.setattr(inits, "_FLAGS", ("-std=gnu11", "-O1"))
    assert built(tmp_path / "cache") != first


def test_without_a_compiler_there_is_no_compiled_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compiled_init(tmp_path) is None


def test_a_compiler_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", compiler(tmp_path / "bin", "exit 1"))
    assert compiled_init(tmp_path / "cache") is None
    assert list((tmp_path / "cache" / "init").iterdir()) == []


@pytest.mark.sandbox
@pytest.mark.parametrize("content", ["nonsense", "#!/usr/bin/env false", "#!/usr/bin/env true"])
def test_a_build_that_does_not_run_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """The compiler's arguments end in `-o PROGRAM SOURCE`."""
    script = f"while [ $# -gt 2 ]; do shift; done\nprintf '%s' '{content}' >\"$1\""
    monkeypatch.setenv("PATH", compiler(tmp_path / "bin", script))
    assert compiled_init(tmp_path / "state") is not None
    sandbox = find_sandbox(tmp_path / "state")
    try:
        assert sandbox.init == "python"
        assert sandbox.run(Command(("/usr/bin/env", "true"))).ending is Ending.EXITED
    finally:
        sandbox.close()
    assert left(tmp_path / "state") == []


def test_both_inits_have_the_same_functions_and_read_the_same_orders() -> None:
    python, c = (SOURCE.with_name(name).read_text() for name in ("init.py", "init.c"))
    with Decoy() as decoy:
        command = Command(("/x",), {"A": "b"}, watch=("/y",), peer=decoy)
    words = re.findall(rb"(?:^|\0)([a-z_]+)=", encode(command, (), landlock=True))
    for word in sorted({word.decode() for word in words}):
        assert f'"{word}"' in python, word
        assert f'"{word}"' in c, word
    only_objects = {"__init__", "main", "call", "number", "text", "ending", "usage"}
    names = set(re.findall(r"(?m)^ *def (\w+)\(", python)) - only_objects
    assert {name for name in names if not re.search(rf"(?m)^(?:static|int) .*\b{name}\(", c)} == set()


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (Command(("/usr/bin/env", "a\0wall_us=99")), "NUL"),
        (Command(("/usr/bin/env",), {"A": "b\0c"}), "NUL"),
        (Command(("/usr/bin/env",), {"A=B": "c"}), "environment"),
        (Command(("/usr/bin/env",), {"": "c"}), "environment"),
        (Command(("/usr/bin/env",), watch=("/proof/\0",)), "NUL"),
    ],
)
def test_no_argument_can_be_taken_for_an_order(command: Command, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        encode(command, (), landlock=True)


@pytest.mark.sandbox
@BOTH_INITS
def test_orders_that_cannot_be_given_start_nothing(sandbox: object) -> None:
    outcome = sandbox.run(Command(("/usr/bin/env", "a\0b")))  # type: ignore[attr-defined]
    assert outcome.ending is Ending.NOT_STARTED
    assert "NUL" in outcome.detail


@pytest.mark.sandbox
@BOTH_INITS
@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda orders: orders.replace(b"wall_us=", b"well_us="), "unknown order: well_us"),
        (lambda orders: orders.replace(b"report=0\0", b""), "missing: report"),
        (lambda orders: orders.replace(b"pids=64", b"pids=six"), "init: "),
        (lambda orders: orders.replace(b"cwd=/proof\0", b""), "missing"),
        (lambda orders: b"nothing\0" + orders, "init: "),
        (lambda _: b"", "init: "),
    ],
)
def test_an_init_with_spoilt_orders_gives_up(
    sandbox: object, monkeypatch: pytest.MonkeyPatch, spoil: object, complaint: str
) -> None:
    monkeypatch.setattr(
        "clearinghouse.prover.sandbox.bubblewrap.encode",
        lambda *given, **named: spoil(encode(*given, **named)),  # type: ignore[operator]
    )
    outcome = sandbox.run(Command(("/usr/bin/env",), limits=Limits(wall_seconds=5)))  # type: ignore[attr-defined]
    assert outcome.ending is Ending.NOT_STARTED
    assert complaint in outcome.detail
