"""Reads what clients send, within limits: JSON that is small, shallow and unambiguous; uploads of a report's size."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja.parser import Parser

from clearinghouse.api.errors import BrokenOff, RequestError, TooLarge, UnsupportedMediaType
from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.report import MAX_REPORT_BYTES

if TYPE_CHECKING:
    from django.http import HttpRequest

MAX_JSON_BYTES = 256 * 1024
MAX_JSON_DEPTH = 16
MAX_NAME = 255  # characters of an uploaded file's name
_MULTIPART_EXTRA = 64 * 1024  # what the parts' headers may add to a file
_CHUNK = 256 * 1024

# What a report may be sent as. The content decides what it is; the type only says that no page made a browser send it.
RAW_TYPES = (
    "application/octet-stream",
    "application/gzip",
    "application/zip",
    "application/zstd",
    "application/x-tar",
    "application/sarif+json",
    "application/json",
    "text/markdown",
    "text/plain",
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent: its bytes, and the name that its sender gave it, which is a label and never a path."""

    content: bytes
    name: str


class StrictParser(Parser):
    """Reads a JSON body. Raises RequestError, TooLarge, UnsupportedMediaType or InvalidInput."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The document in the body."""
        _refuse_encoded(request)
        if request.content_type != "application/json":
            raise UnsupportedMediaType("the body must be JSON", advice="send `Content-Type: application/json`")
        return read_json(request.body)


def read_json(content: bytes) -> Any:
    """A JSON document. Refuses what is large, deep, names a member twice, or holds what no JSON number is."""
    if len(content) > MAX_JSON_BYTES:
        raise TooLarge(f"the body is larger than {MAX_JSON_BYTES // 1024} KiB", advice="send less")
    if _depth(content) > MAX_JSON_DEPTH:
        raise InvalidInput(f"the body is nested deeper than {MAX_JSON_DEPTH} levels", advice="nothing here needs that")
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError) as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else "not UTF-8, or not a number of JSON"
        raise RequestError(f"the body is no JSON: {detail}", advice="send one JSON object in UTF-8") from None


def read_upload(request: HttpRequest, name: str) -> Upload:
    """The file in a request: its whole body, or the one part called `file` of multipart/form-data.

    Reads no more than a report may be large, whatever the request says of its length.
    """
    _refuse_encoded(request)
    if request.content_type == "multipart/form-data":
        return _from_form(request, name)
    if request.content_type not in RAW_TYPES:
        advice = f"send one of {', '.join(RAW_TYPES)}, or multipart/form-data with a part `file`"
        sent = (request.content_type or "no content type")[:100]
        raise UnsupportedMediaType(f"{sent} is not taken here", advice=advice)
    _refuse_long(request, MAX_REPORT_BYTES)
    content = bytearray()
    try:
        while len(content) <= MAX_REPORT_BYTES and (chunk := request.read(_CHUNK)):
            content += chunk
    except UnreadablePostError:
        raise BrokenOff from None
    return _upload(bytes(content), name)


def _from_form(request: HttpRequest, name: str) -> Upload:
    _refuse_long(request, MAX_REPORT_BYTES + _MULTIPART_EXTRA)
    try:
        files, fields = request.FILES, request.POST
    except RequestDataTooBig:
        raise TooLarge("the form's fields are too large", advice="send the file in a part called `file`") from None
    except (MultiPartParserError, SuspiciousOperation):
        raise RequestError("the form cannot be read", advice="send one part called `file`") from None
    parts = files.getlist("file")
    if len(parts) != 1 or set(files) != {"file"} or fields:
        advice = "send the file in a part called `file`, and its name in the query"
        raise RequestError("a form must hold one part, a file called `file`, and nothing else", advice=advice)
    if (parts[0].size or 0) > MAX_REPORT_BYTES:
        raise _too_large()
    return _upload(parts[0].read(), name or parts[0].name or "")


def _upload(content: bytes, name: str) -> Upload:
    if len(content) > MAX_REPORT_BYTES:
        raise _too_large()
    if not content:
        raise RequestError("the body is empty", advice="send a proof bundle, SARIF or text")
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return Upload(content, "report" if last in {"", ".", ".."} else last[-MAX_NAME:])


def _refuse_encoded(request: HttpRequest) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("compressed bodies are not taken", advice="send no Content-Encoding")


def _refuse_long(request: HttpRequest, limit: int) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > limit:
        raise _too_large()


def _too_large() -> TooLarge:
    advice = "make the input smaller; a proof may unpack to 16 MiB"
    return TooLarge(f"larger than {MAX_REPORT_BYTES // 2**20} MiB", advice=advice)


def _depth(content: bytes) -> int:
    """How deep brackets nest outside of strings, before anything that recurses sees them."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in content:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:  # noqa: PLR2004  # a backslash
                escaped = True
            elif byte == 0x22:  # noqa: PLR2004  # a quotation mark
                in_string = False
        elif byte == 0x22:  # noqa: PLR2004
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput("the body names a member twice", advice="name each member once")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)
