"""Changes a proof's input a little, in ways that follow from a seed: it gives away a patch that knows the input alone.

A change touches one value: a character more, fewer or another in a text, another case, another count or size. Half of
them are at the beginnings and ends of texts, one kind after the other, since that is what a patch would look at first;
the rest are drawn.
Placeholders of canaries, references and paths stay. Most changed inputs no longer show the weakness; only those that
still do on the vulnerable release say anything of a patch.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from clearinghouse.core.manifest import CallRun, ScriptRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from clearinghouse.core.manifest import Manifest

_KEPT = re.compile(r"(\{\{[^}]*\}\})")  # placeholders are filled in for each run
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FIXED_VALUES = {"$", "$import", "$path", "$none", "$text", "$read"}  # references, and what stands in files
_CODE = (".py", ".js", ".mjs", ".cjs", ".sh", ".c", ".cc", ".cpp", ".h", ".patch", ".diff")
_LEAST_ROUND = 16
_ROUNDS = 8  # tries for each input asked for, before the rest counts as repetition

Place = tuple[str | int, ...]
_Edge = tuple[int, "Callable[[str, _Draw], tuple[str, str]]"]  # which free part of a text, and what to do to it


@dataclass(frozen=True, slots=True)
class Changed:
    """A proof's run with one value changed; `files` are those whose content is new, `what` says the change."""

    run: CallRun | ScriptRun
    files: Mapping[str, bytes]
    what: str


class _Draw:
    """Numbers that follow from a seed: each call the next."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def below(self, bound: int) -> int:
        """A number from 0 up to, not including, `bound`."""
        self._count += 1
        digest = hashlib.sha256(f"{self._seed} {self._count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % bound


def changed_inputs(manifest: Manifest, files: Mapping[str, bytes], seed: str, most: int) -> Iterator[Changed]:
    """At most `most` different changes of the trigger, always the same for the same seed."""
    draw = _Draw(seed)
    run = manifest.run
    places = list(_places(run.steps)) if isinstance(run, CallRun) else []
    inputs = sorted(_input_files(run, files))
    if not places and not inputs:
        return
    seen: set[str] = set()
    wheres: list[Place | str] = [*places, *inputs]
    orders = itertools.chain(
        itertools.islice(((where, edge) for edge in _EDGES for where in wheres), most // 2),
        ((wheres[draw.below(len(wheres))], None) for _ in range(_ROUNDS * most)),
    )
    for where, edge in orders:
        if len(seen) >= most:
            return
        if isinstance(where, str):
            made = _in_file(run, where, files[where], draw, edge)
        else:
            assert isinstance(run, CallRun)
            made = _in_steps(run, where, draw, edge)
        if made is not None and made.what not in seen:
            seen.add(made.what)
            yield made


def _places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where steps hold a value that may be changed."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _FIXED_VALUES or key in {"call", "get", "set", "as", "drain", "await", "$hex"}:
                continue
            yield from _places(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _places(inner, (*place, index))
    elif isinstance(value, str):
        if any(_KEPT.split(value)[::2]):
            yield place
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place


def _input_files(run: CallRun | ScriptRun, files: Mapping[str, bytes]) -> Iterator[str]:
    """The files that are input: what steps read, or a script's standard input and data; never the script itself."""
    if isinstance(run, CallRun):
        named = re.findall(r"files/[^\"'}]+", repr(run.steps))
        yield from {path for path in named if files.get(path)}
        return
    for path, content in files.items():
        data = path.startswith("files/") and not path.endswith(_CODE) and path not in run.argv[:2]
        if content and (path == run.stdin or (data and "test" not in path)):
            yield path


def _in_steps(run: CallRun, place: Place, draw: _Draw, edge: _Edge | None) -> Changed | None:
    steps: Any = copy.deepcopy(list(run.steps))
    holder = steps
    for part in place[:-1]:
        holder = holder[part]
    old = holder[place[-1]]
    new, words = _text(old, draw, edge) if isinstance(old, str) else _number(old, draw)
    if new == old:
        return None
    holder[place[-1]] = new
    where = ".".join(str(part) for part in place)
    return Changed(replace(run, steps=tuple(steps)), {}, f"{words} at step {where}")


def _in_file(run: CallRun | ScriptRun, path: str, content: bytes, draw: _Draw, edge: _Edge | None) -> Changed | None:
    text, words = _text(content.decode("utf-8", "surrogateescape"), draw, edge)
    new = text.encode("utf-8", "surrogateescape")
    return Changed(run, {path: new}, f"{words} in {path}") if new != content else None


def _number(old: float, draw: _Draw) -> tuple[float, str]:
    """A neighbour, or a value some way off; never of another sign."""
    steps = (1, -1, old // 8 + 1, -(old // 8), old) if old == int(old) else (old / 4, -old / 5, old / 2)
    new = old + steps[draw.below(len(steps))]
    if (new <= 0) != (old <= 0):
        new = old + 1
    return new, f"{old:g} made {new:g}"


def _text(old: str, draw: _Draw, edge: _Edge | None) -> tuple[str, str]:
    """One small change outside placeholders: the one named for an end of the text, else one that is drawn."""
    parts = _KEPT.split(old)
    free = [index for index in range(0, len(parts), 2) if parts[index]]
    if not free:
        return old, ""
    if edge is not None:
        index, change = free[edge[0]], edge[1]
    else:
        index, change = free[draw.below(len(free))], _OPERATIONS[draw.below(len(_OPERATIONS))]
    changed, words = change(parts[index], draw)
    return "".join([*parts[:index], changed, *parts[index + 1 :]]), words


def _at(text: str, draw: _Draw) -> int:
    return draw.below(len(text))


def _letter(draw: _Draw) -> str:
    return _LETTERS[draw.below(len(_LETTERS))]


def _space(text: str, draw: _Draw) -> tuple[str, str]:
    # Beside a sign a space is mostly harmless; inside a word it is not.
    signs = [i for i, char in enumerate(text) if not char.isalnum() and char not in "_."] or [0]
    at = signs[draw.below(len(signs))] + draw.below(2)
    return f"{text[:at]} {text[at:]}", f"a space at {at}"


def _insert(text: str, draw: _Draw) -> tuple[str, str]:
    at, letter = _at(text, draw), _letter(draw)
    return text[:at] + letter + text[at:], f"{letter!r} at {at}"


def _prefix(text: str, draw: _Draw) -> tuple[str, str]:
    before = (" ", "0", _letter(draw))[draw.below(3)]
    return before + text, f"{before!r} before"


def _suffix(text: str, draw: _Draw) -> tuple[str, str]:
    after = (" ", "\n", "0", _letter(draw), text[-1])[draw.below(5)]
    return text + after, f"{after!r} after"


def _double(text: str, draw: _Draw) -> tuple[str, str]:
    at = _at(text, draw)
    return text[: at + 1] + text[at:], f"the character at {at} twice"


def _other(text: str, draw: _Draw) -> tuple[str, str]:
    words = [i for i, char in enumerate(text) if char.isalnum()] or [_at(text, draw)]
    at = words[draw.below(len(words))]
    new = str(draw.below(10)) if text[at].isdigit() else _letter(draw)
    return text[:at] + new + text[at + 1 :], f"{new!r} for the character at {at}"


def _case(text: str, draw: _Draw) -> tuple[str, str]:
    letters = [i for i, char in enumerate(text) if char.swapcase() != char]
    if not letters:
        return _suffix(text, draw)
    at = letters[draw.below(len(letters))]
    return text[:at] + text[at].swapcase() + text[at + 1 :], f"another case at {at}"


def _fewer(text: str, draw: _Draw) -> tuple[str, str]:
    if len(text) == 1:
        return _double(text, draw)
    at = _at(text, draw)
    return text[:at] + text[at + 1 :], f"without the character at {at}"


def _longer(text: str, draw: _Draw) -> tuple[str, str]:
    times = 2 + draw.below(3)
    if len(text) < _LEAST_ROUND:
        return text * times, f"{times} times over"
    return text + text[-_LEAST_ROUND:], "its end once more"


def _first(text: str, draw: _Draw) -> tuple[str, str]:
    at = next((i for i, char in enumerate(text) if char.isalnum()), 0)
    new = str(draw.below(10)) if text[at].isdigit() else _letter(draw)
    return text[:at] + new + text[at + 1 :], f"{new!r} for the character at {at}"


def _early_space(text: str, _draw: _Draw) -> tuple[str, str]:
    at = next((i for i, char in enumerate(text) if not char.isalnum() and char not in "_."), 0)
    return f"{text[: at + 1]} {text[at + 1 :]}", f"a space at {at + 1}"


def _zero(text: str, _draw: _Draw) -> tuple[str, str]:
    return f"0{text}", "'0' before"


def _blank(text: str, _draw: _Draw) -> tuple[str, str]:
    return f" {text}", "' ' before"


_EDGES: tuple[_Edge, ...] = (
    (0, _blank), (0, _zero), (0, _first), (0, _early_space), (-1, _suffix), (0, _prefix), (-1, _suffix),
)  # fmt: skip
_OPERATIONS = (_space, _prefix, _suffix, _other, _insert, _double, _case, _fewer, _longer)
