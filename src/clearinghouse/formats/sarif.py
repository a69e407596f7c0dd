"""Reads SARIF 2.1.0 as hostile input: the findings it names, bounded, with every field checked before use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from clearinghouse.core.errors import InvalidInput

MAX_RESULTS = 2000
MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class SarifFinding:
    """One result: the tool, its rule, its message and the first place, as "path:line" or empty."""

    tool: str
    rule: str
    message: str
    location: str


def read_sarif(content: bytes) -> tuple[SarifFinding, ...]:
    """The results of every run, in order. Raises InvalidInput naming the place of the first fault."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidInput(f"SARIF: not UTF-8 at byte {error.start}", advice="send it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"SARIF: not JSON: {error}", advice="send the scanner's own file, unchanged") from None
    _expect(document, dict, "the document")
    if document.get("version") != "2.1.0":
        version = _words(document.get("version"))
        raise InvalidInput(f"version: SARIF {version!r} is not read here", advice="export SARIF 2.1.0")
    found: list[SarifFinding] = []
    for i, run in enumerate(_list(document, "runs", "runs", required=True)):
        place = f"runs[{i}]"
        tool = _member(_member(_expect(run, dict, place), "tool", place), "driver", f"{place}.tool")
        name = _text(tool.get("name"), f"{place}.tool.driver.name")
        for j, result in enumerate(_list(run, "results", f"{place}.results")):
            if len(found) >= MAX_RESULTS:
                raise InvalidInput(
                    f"{place}.results[{j}]: more than {MAX_RESULTS} results", advice="send fewer, the worst first"
                )
            found.append(_result(name, result, f"{place}.results[{j}]"))
    return tuple(found)


def _result(tool: str, result: Any, place: str) -> SarifFinding:
    _expect(result, dict, place)
    message = _member(result, "message", place)
    text = message.get("text", message.get("id", ""))
    rule = result.get("ruleId", "")
    if not rule and isinstance(result.get("rule"), dict):
        rule = result["rule"].get("id", "")
    return SarifFinding(tool, _text(rule, f"{place}.ruleId"), _text(text, f"{place}.message.text"), _location(result))


def _location(result: dict[str, Any]) -> str:
    """The first place named; anything odd there only loses the place, not the finding."""
    try:
        physical = result["locations"][0]["physicalLocation"]
        uri, line = physical["artifactLocation"]["uri"], physical.get("region", {}).get("startLine")
    except (KeyError, IndexError, TypeError, AttributeError):
        return ""
    if not isinstance(uri, str):
        return ""
    return _words(f"{uri}:{line}" if isinstance(line, int) and not isinstance(line, bool) else uri)


_KINDS: dict[type, str] = {dict: "an object", list: "an array", str: "a string"}


def _expect(value: Any, kind: type, place: str) -> Any:
    if not isinstance(value, kind):
        wanted = _KINDS[kind]
        raise InvalidInput(f"{place}: must be {wanted}", advice="send SARIF 2.1.0 as the scanner wrote it")
    return value


def _member(value: dict[str, Any], key: str, place: str) -> dict[str, Any]:
    if key not in value:
        raise InvalidInput(f"{place}.{key}: missing", advice="send SARIF 2.1.0 as the scanner wrote it")
    member: dict[str, Any] = _expect(value[key], dict, f"{place}.{key}")
    return member


def _list(value: dict[str, Any], key: str, place: str, *, required: bool = False) -> list[Any]:
    if value.get(key) is None and not required:
        return []
    members: list[Any] = _expect(value.get(key), list, place)
    return members


def _text(value: Any, place: str) -> str:
    return _words(_expect(value, str, place))


def _words(value: Any) -> str:
    """One bounded line of printable text."""
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return " ".join(text.split())[:MAX_TEXT]
