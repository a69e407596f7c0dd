"""The line of each key, in texts of every layout and of every malice."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.toml_places import key_lines, line_of

TEXT = '''\
schema = "x"
[run]  # with a comment
call = "a:b"
args = [
  { "$rep" = ["[", 3] },  # ] in a comment
  """a [ b
  fake = 1
[fake]
""",
  "c \\" [",
  'd " [',
]
wall = 3

[[run.step]]
call = "first"
[[ run.step ]]
call = "second"
"quoted" = 1
[oracle]
text = \'\'\'
[no.table]
key = 1\'\'\'
last.part = 2
'''


def test_every_key_has_its_line() -> None:
    places = key_lines(TEXT)
    assert places[("schema",)] == 1
    assert places[("run",)] == 2
    assert places["run", "args"] == 4
    assert places["run", "wall"] == 13
    assert places["run", "step", 0] == 15
    assert places["run", "step", 0, "call"] == 16
    assert places["run", "step", 1] == 17
    assert places["run", "step", 1, "call"] == 18
    assert places["run", "step", 1, "quoted"] == 19
    assert places["oracle", "last"] == 24


def test_what_only_looks_like_a_key_has_none() -> None:
    names = {name for place in key_lines(TEXT) for name in place}
    assert not names & {"fake", "no", "key", "no.table"}


def test_a_key_without_a_line_takes_that_of_what_holds_it() -> None:
    places = key_lines(TEXT)
    assert line_of(places, ("run", "args", 0, "$rep")) == 4
    assert line_of(places, ("run", "nothing")) == 2
    assert line_of(places, ("nothing", "here")) is None


def test_quotes_before_the_closing_three_belong_to_the_text() -> None:
    places = key_lines("a = [\"\"\"x\"\"\"\", 1]\nb = 1\nc = ['''y''''']\nd = 2\n")
    assert [places[(name,)] for name in "abcd"] == [1, 2, 3, 4]


def test_windows_line_ends_count_once_and_strange_ones_not_at_all() -> None:
    places = key_lines('a = 1\r\nb = "\u2028 \x85"\r\nc = 3\r\n')
    assert [places[(name,)] for name in "abc"] == [1, 2, 3]


def test_a_hostile_text_takes_no_longer_than_a_long_one() -> None:
    size = 200_000  # what is quadratic takes many minutes at this size, and the test is stopped
    hostile = [
        'x = """ ' + '\\"' * size + '\n"""',
        "x = [\n[a" + " " * size + ",]\n]",
        "x = '''\n[" + " " * size + "\n'''",
        "[" + "a" * size,
        '"' * size,
        "[[" * size,
    ]
    assert [len(key_lines(text)) for text in hostile] == [1, 1, 1, 0, 0, 0]


_KEYS = st.text("abcdefgh_-123", min_size=1, max_size=8)
_TEXTS = st.text(st.sampled_from("ab [](){}#=\"'\\\n,"), max_size=30)


def _toml_string(text: str) -> str:
    return '"' + "".join(f"\\u{ord(character):04x}" if character in '"\\\n' else character for character in text) + '"'


@given(st.dictionaries(_KEYS, st.one_of(st.integers(), _TEXTS, st.lists(_TEXTS, max_size=4)), max_size=8))
def test_the_line_found_is_the_line_written(table: dict[str, Any]) -> None:
    lines, expected = ["[table]"], {}
    for key, value in table.items():
        expected[key] = len(lines) + 1
        if isinstance(value, list):
            lines += [f"{key} = [", *(f"  {_toml_string(item)},  # ]" for item in value), "]"]
        else:
            lines.append(f"{key} = {_toml_string(value) if isinstance(value, str) else value}")
    text = "\n".join(lines) + "\n"
    assert tomllib.loads(text) == {"table": table}
    assert {place[1]: line for place, line in key_lines(text).items() if len(place) == 2} == expected
