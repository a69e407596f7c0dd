"""`clearinghouse crash parse`: an answer for each line, and none lost for another's fault."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from clearinghouse.cli import crash
from clearinghouse.cli.main import app
from clearinghouse.core.errors import InvalidInput

RAW = "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x60 at pc 0x1\nREAD of size 8 at 0x60\n"


def parse(lines: list[bytes], *options: str) -> Result:
    return CliRunner().invoke(app, ["crash", "parse", *options], input=b"\n".join(lines) + b"\n")


def test_each_report_is_answered_under_its_id() -> None:
    frame = "    #0 0x1234 in take(int) a.c:1\n"
    asked = [{"id": "a", "raw": RAW + frame}, {"id": 7, "raw": "nothing here"}]
    result = parse([json.dumps(line).encode() for line in asked])
    assert result.exit_code == 0, result.output
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            "id": "a",
            "crash_type": "Heap-use-after-free\nREAD 8",
            "crash_address": "0x60",
            "crash_state": ["take"],
            "security": True,
        },
        {"id": 7, "crash_type": "", "crash_address": "", "crash_state": [], "security": None},
    ]


def test_a_bad_line_is_named_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash, "LONGEST", 400)
    good = json.dumps({"id": "a", "raw": RAW}).encode()
    result = parse(
        [b"{", b"[1]", b'{"id": 1}', b"[" * 300, b"\xff", b"x" * 1000, b"", good, b'{"id": 2, "raw": "\\ud800"}']
    )
    assert isinstance(result.exception, InvalidInput)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer.get("line", answer.get("id")) for answer in answers] == [1, 2, 3, 4, 5, 6, "a", 2]
    assert "longer than 400 bytes" in answers[5]["error"]
    assert "6 lines are not read" in str(result.exception)


def test_limits_are_crashes_where_they_are_asked_for() -> None:
    line = json.dumps({"id": 1, "raw": "==3== ERROR: libFuzzer: timeout after 5 seconds\n"}).encode()
    assert json.loads(parse([line]).stdout)["crash_type"] == ""
    assert json.loads(parse([line], "--ooms").stdout)["crash_type"] == "Timeout"


def cluster(lines: list[bytes]) -> Result:
    return CliRunner().invoke(app, ["cluster"], input=b"\n".join(lines) + b"\n")


def test_records_are_answered_with_their_groups() -> None:
    common = {"project": "p", "crash_state": ["f"], "regressed": "201709070414:201709080414", "reported": 1504858091}
    lines = [json.dumps({"id": name, **common, "introduced": ["c"]}).encode() for name in ("a", "b")]
    result = cluster([*lines, b'{"id": "c", "project": "q"}'])
    assert result.exit_code == 0, result.output
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"id": "a", "group": "a"},
        {"id": "b", "group": "a"},
        {"id": "c", "group": "c"},
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "line 2: not JSON"),
        (b"[]", "line 2: not an object"),
        (b'{"id": "b"}', "line 2: project: not there"),
        (b'{"id": "a", "project": "p"}', "line 2: the id 'a' is line 1's"),
    ],
)
def test_a_line_that_is_no_record_is_named_and_nothing_is_printed(line: bytes, words: str) -> None:
    result = cluster([b'{"id": "a", "project": "p"}', line])
    assert isinstance(result.exception, InvalidInput)
    assert words in str(result.exception)
    assert result.stdout == ""
