"""Decides whether a native build and run are plain: the target's own sources compiled, and its own program started.

A recipe can put anything into a program, and a program under test can write what its sanitizer would. What a plain
recipe does is told by reading it: one call of the compiler, on sources of the target, with definitions that hold no
code; what a plain run does, by the program being what that made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COMPILERS = ("cc", "c++")  # as recipes name them: the compiler of the build, with the flags of its sanitizer
_PATH = r"(?!files/)(?!/)(?!.*\.\.)[\w.*?+/-]+"
_PLAIN = (
    re.compile(rf"-I{_PATH}"),
    re.compile(r"-D\w+(=\w+)?"),
    re.compile(r"-l[\w+-]+"),
    re.compile(r"-std=[\w+]+"),
    re.compile(r"-O[0-3s]|-pthread|-fPIC|-w"),
    re.compile(rf"(?!-){_PATH}\.(c|cc|cpp|cxx)"),
)
_NAME = re.compile(r"\w[\w.+-]*")


def why_not_plain(recipe: Iterable[str], argv: Iterable[str]) -> str | None:
    """The first thing that makes a recipe or a run not plain, or None."""
    compiler, *rest = recipe
    program, *_ = argv
    if compiler not in COMPILERS:
        return f"the recipe starts {compiler}, which can put anything into what it builds"
    made = []
    arguments = iter(rest)
    for argument in arguments:
        if argument == "-o":
            made.append(next(arguments, ""))
        elif not any(pattern.fullmatch(argument) for pattern in _PLAIN):
            return f"the recipe gives the compiler {argument[:80]!r}"
    if len(made) != 1 or not _NAME.fullmatch(made[0]):
        return "the recipe does not name what it makes: one -o with the name of a program"
    if program != made[0]:
        return f"the run starts {program[:80]}, which is not what the recipe makes"
    return None
