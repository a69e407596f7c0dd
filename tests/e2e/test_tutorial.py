"""The tutorial does what it says: its blocks are carried out in order in an empty folder, its expected lines come out.

The page is the only copy. `sh` blocks are run line by line; a line ends with 0 unless its remark says `exit code N`. A
`toml` block with a file's name replaces the lines of that file that have the same keys. Each line of a `text` block
must stand in what the commands since the last one put out, in that order, as the beginning of a line; … stands
for anything, runs of spaces count as one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorials" / "first-proof.md"
COMMAND = Path(sys.executable).with_name("clearinghouse")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, what else its first line says, and its lines."""

    kind: str
    name: str
    lines: tuple[str, ...]


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page in order."""
    found = re.findall(r"(?ms)^```([a-z]+)(?: ([^\n]+))?\n(.*?)^```$", page)
    return [Block(kind, name, tuple(text.splitlines())) for kind, name, text in found]


def replace_lines(file: Path, lines: tuple[str, ...]) -> None:
    """Put each line in place of the file's one line with the same key."""
    text = file.read_text()
    for line in lines:
        key = line.split(" = ")[0]
        text, times = re.subn(rf"(?m)^{re.escape(key)} = .*$", lambda _, line=line: line, text)  # type: ignore[misc]
        assert times == 1, f"{file.name} has {times} lines that begin with {key}"
    file.write_text(text)


def run(line: str, folder: Path, cache: Path) -> str:
    """Carry out one line as a reader's shell would; everything it said."""
    expected = re.search(r"# exit code (\d+)$", line)
    environment = {**os.environ, "CLEARINGHOUSE_CACHE": os.environ.get("CLEARINGHOUSE_CACHE", str(cache))}
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, env={**environment, "COLUMNS": "250"}, text=True, check=False, timeout=600,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == int(expected[1] if expected else 0), f"{line}\n{done.stdout}"
    return done.stdout


def missing(expected: tuple[str, ...], said: str) -> list[str]:
    """The expected lines that did not come out in their order."""
    rest = [" ".join(line.split()) for line in said.splitlines()]
    lost = []
    for line in expected:
        pattern = ".*".join(re.escape(part) for part in " ".join(line.split()).split("…"))
        place = next((i for i, one in enumerate(rest) if re.match(pattern, one)), None)
        if place is None:
            lost.append(line)
        else:
            rest = rest[place + 1 :]
    return lost


def follow(folder: Path, cache: Path, *, until: str | None = None) -> int:
    """Carry out the page in `folder`, up to the first command that begins with `until`; how many commands were run."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / COMMAND.name).symlink_to(COMMAND)
    said, commands = "", 0
    for block in blocks(PAGE.read_text()):
        match block.kind:
            case "toml":
                replace_lines(folder / block.name, block.lines)
            case "text":
                assert missing(block.lines, said) == [], said
                said = ""
            case "sh":
                for line in block.lines:
                    if until and line.startswith(until):
                        return commands
                    said += run(line, folder, cache)
                    commands += 1
            case kind:
                pytest.fail(f"the page has a block of kind {kind!r}, which no reader could carry out")
    return commands


def test_the_tutorial_begins_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "reader").mkdir()
    assert follow(tmp_path / "reader", tmp_path / "cache", until=".venv/bin/clearinghouse prove ") >= 2


@pytest.mark.registry
@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tutorial_does_what_it_says_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "reader").mkdir()
    assert follow(tmp_path / "reader", tmp_path / "cache") >= 8


@pytest.mark.parametrize(
    ("expected", "said", "lost"),
    [
        (("a … d", "e"), "a  b c d\nx\ne f\n", []),
        (("e", "a"), "a\ne\n", ["a"]),
        (("a.c",), "abc\n", ["a.c"]),
        (("b",), "a b\n", ["b"]),
    ],
)
def test_a_line_that_does_not_come_out_would_be_missed(expected: tuple[str, ...], said: str, lost: list[str]) -> None:
    assert missing(expected, said) == lost
