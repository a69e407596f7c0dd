"""Which functions a hunk touches."""

from __future__ import annotations

import pytest

from clearinghouse.core.hunks import hunks_of, split_lines
from clearinghouse.core.touched import touched

PYTHON = """\
import re

PATTERN = re.compile("a")

class Box:
    limit = 3

    @property
    def size(self):
        if self.limit:
            return 1
        return 2

    def outer(self):
        def inner():
            return 1
        return inner

def free():
    value = 1
    return value
"""
SCRIPT = """\
'use strict';
const LIMIT = 3;
function merge(target, source) {
  if (source) {
    for (const key in source) {
      target[key] = source[key];
    }
  }
  return target;
}
class Parser {
  parse(text) {
    return text.length;
  }
}
exports.template = function (text) {
  return text;
};
if (LIMIT) {
  start();
}
  var indented = 1;
module.exports = merge;
"""


def names(path: str, text: str, before: str, after: str) -> set[str]:
    old, new = split_lines(text.encode()), split_lines(text.replace(before, after).encode())
    assert old != new
    return {name for hunk in hunks_of(path, old, new) for name in touched(hunk, old, new)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("return 2", "return 3", {"pkg.mod:Box.size"}),
        ("    @property\n", "", {"pkg.mod:Box.size"}),
        ("            return 1\n        return inner", "            return 0\n        return inner",
         {"pkg.mod:Box.outer.<locals>.inner"}),
        ('compile("a")', 'compile("b")', {"pkg.mod:PATTERN"}),
        ("limit = 3", "limit = 4", {"pkg.mod:Box.limit"}),
        ("value = 1", "value = 2", {"pkg.mod:free"}),
        ("import re\n", "import re\nimport os\n", {"pkg.mod:"}),
        ("return value\n", "return value\n\nclass New:\n    a = 1\n    def b(self):\n        pass\n", {"pkg.mod:New"}),
        ("return value\n", "return value\n\ndef added():\n    pass\n", {"pkg.mod:added"}),
    ],
)  # fmt: skip
def test_python_names_the_innermost_definition_around_each_line(before: str, after: str, expected: set[str]) -> None:
    assert names("pkg/mod.py", PYTHON, before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("target[key] = source[key]", "safe(target, key)", {"lib/a.js:merge"}),
        ("text.length", "text.size", {"lib/a.js:parse"}),
        ("  return text;\n};", "  return escape(text);\n};", {"lib/a.js:exports.template"}),
        ("LIMIT = 3", "LIMIT = 4", {"lib/a.js:LIMIT"}),
        ("function merge(target", "function merge(to", {"lib/a.js:merge"}),
        ("'use strict'", "'use stricter'", {"lib/a.js:"}),
        ("start()", "stop()", {"lib/a.js:"}),
        ("indented = 1", "indented = 2", {"lib/a.js:"}),
        ("= merge;", "= parse;", {"lib/a.js:module.exports"}),
    ],
)
def test_javascript_names_the_nearest_head_with_less_indentation(before: str, after: str, expected: set[str]) -> None:
    assert names("lib/a.js", SCRIPT, before, after) == expected


def test_a_package_is_named_without_its_init_file_and_other_files_by_path() -> None:
    assert names("pkg/__init__.py", "def f():\n    return 1\n", "1", "2") == {"pkg:f"}
    assert names("pkg/data.pem", "a\n", "a", "b") == {"pkg/data.pem:"}


def test_python_that_does_not_parse_is_named_by_its_path() -> None:
    assert names("pkg/mod.py", "def f(:\n    return 1\n", "1", "2") == {"pkg/mod.py:"}
