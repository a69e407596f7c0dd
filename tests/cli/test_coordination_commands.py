"""A case is coordinated from the shell, from the first invitation to the leak."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pytest

from clearinghouse.cli.main import main
from tests.cases.factories import LAB, VENDOR, table

pytestmark = pytest.mark.django_db
Run = Callable[..., tuple[object, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the test's own tables; its exit code and everything it said."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def _run(words: str, *more: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["clearinghouse", "case", *words.split(), *more])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out + err

    return _run


def test_an_embargo_is_agreed_a_vendor_signs_and_a_leak_ends_it(run: Run) -> None:
    made = table()
    name = made.name
    assert run(f"embargo propose {name} --preset 45 --by Ada")[0] == 0
    code, text = run(f"embargo decide {name} --accept --by Ada")
    assert (code, "embargo active, until" in text, " UTC" in text) == (0, True, True)
    assert run(f"invite {name} {VENDOR} --role vendor --by Ada") == (0, f"{name}  {VENDOR}: invited\n")
    assert run(f"answer {name} {VENDOR} --yes --by Ada") == (0, f"{name}  {VENDOR}: signatory\n")
    assert run(f"step {name} {VENDOR} validate --by Ada") == (0, f"{name}  {VENDOR}: valid\n")
    code, text = run(f"participants {name} --json")
    assert {row["handle"]: row["management"] for row in map(json.loads, text.splitlines())} == {
        LAB: "accepted",
        VENDOR: "valid",
    }
    code, text = run(f"fact {name} F --for {VENDOR} --by Ada")
    assert (code, "has accepted, deferred or closed" in text) == (75, True)
    assert run(f"message {name} --by Ada", "hello there")[0] == 0
    code, text = run(f"fact {name} p --by Ada", "--because", "on a list")
    assert (code, "facts VfdPxa" in text, "embargo exited" in text) == (0, True, True)
    assert run(f"embargo end {name} --because again --by Ada")[0] == 75
    shown = json.loads(run(f"embargo show {name} --json")[1])
    assert (shown["embargo"], shown["letters"], len(shown["messages"])) == ("exited", "VfdPxa", 1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("embargo propose {} --by Ada", 2, "give one of"),
        ("embargo propose {} --until 2026-12-01T14:00 --by Ada", 65, "has no time zone"),
        ("embargo propose {} --until soon --by Ada", 2, "is no instant"),
        ("invite {} nobody --role vendor --by Ada", 66, "no party nobody"),
        ("fact {} Q --by Ada", 2, "is no fact"),
        ("embargo decide {} --accept --by Ada", 75, "nothing is proposed"),
        ("merge {} {} --because so --by Ada", 2, "into itself"),
        ("embargo show CLH-2026-09999", 66, "no case"),
        ("message {} @/nowhere --by Ada", 2, "a file that can be read"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(run: Run, words: str, code: int, said: str) -> None:
    made = table()
    found, text = run(words.replace("{}", made.name))
    assert (found, said in text) == (code, True), text
