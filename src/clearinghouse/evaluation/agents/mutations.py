"""Mutations of the values that a task takes: what a fuzzer changes, in the grammar of the answer itself.

A value is TOML's, or one of the tables that build large ones: `$rep`, `$cat`, `$bytes`. Pure: the same chance gives the
same values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

_PIECES: Final = (
    "(", ")", "[", "]", "{", "}", "<", ">", "@", "/", "\\", "%", ":", ";", ",", ".", "=", "&", "#", "?", "!", "'", '"',
    " ", "\t", "\n", "\r\n", "\x00", "a", "0", "9", "-", "_", "*", "+", "../", "//", "<!--", "-->", "${", "{{", "%s",
    "&#", "http://", "file://", "é", "\u202e", "__proto__", "constructor.prototype", "__class__",
)  # fmt: skip
_PAIRS: Final = (("(", ")"), ("[", "]"), ("{", "}"), ("<", ">"), ('"', '"'))
_COUNTS: Final = (2, 10, 30, 100, 300, 1000, 3000, 10000, 50000)
_NUMBERS: Final = (0, 1, -1, 2, 7, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**53, 2**63 - 1, 1e308)
_CANARIES: Final = {
    "exec": (
        "{{canary.exec}}", ";{{canary.exec}};", "$({{canary.exec}})", "|{{canary.exec}}",
        ";process.mainModule.require('child_process').execFileSync('{{canary.exec}}');",
        "__import__('os').system('{{canary.exec}}')",
    ),
    "read": ("{{canary.read}}", "../../../../../..{{canary.read}}", "file://{{canary.read}}"),
    "write": (
        "{{canary.write}}", "../../../../../..{{canary.write}}", ";touch {{canary.write}};",
        "open('{{canary.write}}','w')", "__import__('os').mkdir('{{canary.write}}')",
    ),
    "connect": ("{{canary.url}}", "{{canary.redirect}}"),
    "pollution": ("__proto__", "constructor", "prototype", "constructor.prototype"),
}  # fmt: skip
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def mutated(values: Mapping[str, Any], chance: Random, oracle: str = "") -> dict[str, Any]:
    """The values with one to four mutations; those that the oracle's canary takes are among the pieces."""
    found = dict(values)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4))):
        name = chance.choice(sorted(found))
        found[name] = _mutate(found[name], chance, (*_PIECES, *_CANARIES.get(oracle, ()) * 8))
    return found


def _mutate(value: Any, chance: Random, pieces: tuple[str, ...]) -> Any:  # noqa: PLR0911  # one return a kind
    match value:
        case bool():
            return not value
        case int() | float():
            return chance.choice((*_NUMBERS, value + 1, -value, value * 2))
        case str():
            return _text(value, chance, pieces)
        case {"$bytes": str(text)}:
            # Bytes are joined with bytes: a text beside them would be another type, and the call would fail at once.
            return _bytes(text, chance, pieces)
        case {"$hex": str(digits)}:
            return _hex(bytearray.fromhex(digits), chance)
        case dict() if value:
            key = chance.choice(sorted(value))
            if key.startswith("$"):
                return _built(value, key, chance, pieces)
            if chance.random() < 0.3 and isinstance(other := _plain(key, chance, pieces), str):  # noqa: PLR2004
                return {other if name == key else name: inner for name, inner in value.items()}
            return {**value, key: _mutate(value[key], chance, pieces)}
        case list() if value:
            index = chance.randrange(len(value))
            if chance.random() < 0.2:  # noqa: PLR2004  # now and then it is made long
                return {"$rep": [[value[index]], chance.choice(_COUNTS)]}
            return [*value[:index], _mutate(value[index], chance, pieces), *value[index + 1 :]]
    return value


def _text(text: str, chance: Random, pieces: tuple[str, ...]) -> Any:
    if chance.random() < 0.5:  # noqa: PLR2004
        return _plain(text, chance, pieces)
    piece, at = chance.choice(pieces), chance.randrange(len(text) + 1)
    match chance.randrange(4):
        case 0:
            return {"$cat": [text[:at], {"$rep": [piece, chance.choice(_COUNTS)]}, text[at:]]}
        case 1:
            end = chance.randrange(at, len(text) + 1)
            return {"$cat": [text[:at], {"$rep": [text[at:end] or piece, chance.choice(_COUNTS)]}, text[end:]]}
        case 2:
            return {"$cat": [{"$rep": [piece, chance.choice(_COUNTS)]}, chance.choice(pieces)]}
    count, (left, right) = chance.choice(_COUNTS), chance.choice(_PAIRS)
    return {"$cat": [text[:at], {"$rep": [left, count]}, "a", {"$rep": [right, count]}, text[at:]]}


def _plain(text: str, chance: Random, pieces: tuple[str, ...]) -> str:
    """A text of about the same length: a piece put in, a word or all replaced by one, or some characters gone."""
    piece, at = chance.choice(pieces), chance.randrange(len(text) + 1)
    words = list(_WORD.finditer(text))
    match chance.randrange(5):
        case 0:
            return text[:at] + text[at + chance.randrange(1, 8) :]
        case 1:
            return piece
        case 2 | 3 if words:
            word = chance.choice(words)
            return text[: word.start()] + piece + text[word.end() :]
    return text[:at] + piece + text[at:]


def _hex(content: bytearray, chance: Random) -> dict[str, str]:
    """The bytes with one changed, with some gone, or none at all."""
    at = chance.randrange(len(content) + 1)
    match chance.randrange(3):
        case 0 if at < len(content):
            content[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, content[at] ^ (1 << chance.randrange(8))))
        case 1:
            del content[at : at + chance.randrange(1, 8)]
        case _:
            del content[at:]
    return {"$hex": content.hex()}


def _bytes(text: str, chance: Random, pieces: tuple[str, ...]) -> Any:
    piece, at = chance.choice(pieces), chance.randrange(len(text) + 1)
    if chance.random() < 0.5:  # noqa: PLR2004
        return {"$bytes": text[:at] + piece + text[at + chance.randrange(3) :]}
    repeated = {"$rep": [{"$bytes": piece}, chance.choice(_COUNTS)]}
    return {"$cat": [{"$bytes": text[:at]}, repeated, {"$bytes": text[at:]}]}


def _built(value: dict[str, Any], key: str, chance: Random, pieces: tuple[str, ...]) -> Any:
    """A table that builds something, with its parts or its count changed."""
    match value[key]:
        case [what, int()] if key == "$rep":
            if chance.random() < 0.5:  # noqa: PLR2004
                return {key: [what, chance.choice(_COUNTS)]}
            return {key: [_mutate(what, chance, pieces), value[key][1]]}
        case [_, *_] as parts if key == "$cat":
            index = chance.randrange(len(parts))
            return {key: [*parts[:index], _mutate(parts[index], chance, pieces), *parts[index + 1 :]]}
    return value
