"""The description of the API (OpenAPI 3.1): what stands in the code, and what holds for every operation."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from clearinghouse import __version__
from clearinghouse.api.bodies import RAW_TYPES
from clearinghouse.api.once import HEADER, REPLAYED
from clearinghouse.api.problems import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = {
    400: "The request cannot be read: its body, its query or its Idempotency-Key",
    401: "No token, or none that is valid",
    403: "The token was not made for this",
    404: "There is no such thing, or none that you may see: one and the same answer",
    405: "There is no such method at this address",
    409: "Something else came first, or the same request is being carried out",
    412: "It is no longer what If-Match says that you read",
    413: "Larger than anything that is taken here",
    415: "Of a type that is not taken here",
    422: "Understood, and not acceptable as it is; or the Idempotency-Key was used for another request",
    429: "More requests than are allowed; Retry-After says when to go on",
    500: "An error of ours",
    503: "This machine lacks something",
}
_EVERY = (400, 401, 403, 404, 422, 429, 500)
_EVERY_POST = (409, 413, 415, 503)
_PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` is for programs, `detail` and `advice` are for people.",
    "required": ["type", "title", "status", "code", "detail", "advice"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "advice": {"type": "string"},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "problems": {"type": "array", "items": {"type": "string"}},
    },
}
_ABOUT = (
    "Reports go in, proven, distinct, ranked cases come out. Every request is made with a token in the Authorization "
    "header, or as the public. Errors are problem documents; lists have cursors; every POST needs an Idempotency-Key."
)


@cache
def document() -> dict[str, Any]:
    """The description, as a document of OpenAPI 3.1."""
    from clearinghouse.api.application import api  # noqa: PLC0415  # it is complete once all routes are added

    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    found["info"] = {
        "title": "clearinghouse",
        "version": __version__,
        "summary": "The HTTP API of a clearinghouse for software vulnerabilities",
        "description": _ABOUT,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    found["servers"] = [{"url": "/"}]
    found["components"]["schemas"]["Problem"] = _PROBLEM
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of a person or of an organisation"},
        "statusToken": {"type": "http", "scheme": "bearer", "description": "The token that a report was answered with"},
    }
    for _path, method, operation in operations(found):
        _complete(method, operation)
    return found


def operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of a description with its path and method."""
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Add what holds for every operation, and turn our own marks into what OpenAPI has for them."""
    scope, public = operation["x-scope"], operation.pop("x-public", False)
    operation["security"] = _security(scope, public=public, by_status=operation.pop("x-status-token", False))
    media = operation.pop("x-media", "")
    statuses = {*_EVERY, *operation.pop("x-errors")}
    if method == "post":
        statuses |= set(_EVERY_POST)
        operation["parameters"].append(_KEY_PARAMETER)
        if operation.pop("x-if-match"):
            statuses.add(412)
            operation["parameters"].append(_IF_MATCH)
        if operation.pop("x-upload"):
            operation["requestBody"] = _upload_body()
    else:
        operation["parameters"].append(_IF_NONE_MATCH)
        operation["responses"]["304"] = {"description": "What If-None-Match names is what there is"}
    for status, answer in operation["responses"].items():
        if status[0] == "2":
            answer["headers"] = _headers(method)
            if media:
                answer["content"] = {media: {"schema": {"type": "string"}}}
    for status in sorted(statuses):
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        operation["responses"][str(status)] = {"description": _WORDS[status], "content": content}


def _security(scope: str | None, *, public: bool, by_status: bool) -> list[dict[str, list[str]]]:
    if by_status:
        return [{"statusToken": []}]
    token = [{"token": [scope] if scope else []}]
    return [*token, {}] if public else token


def _headers(method: str) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    rate = {
        "RateLimit-Policy": {"description": "How many requests are allowed in how many seconds", **text},
        "RateLimit": {"description": "How many are left, and for how many seconds", **text},
    }
    if method == "post":
        return {**rate, REPLAYED: {"description": "`true` on an answer that was given before", **text}}
    return {**rate, "ETag": {"description": "Strong; names these very bytes", **text}}


_KEY_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": True,
    "description": "Names this request; a repetition under the same key gets the first answer for 24 hours",
    "schema": {"type": "string", "minLength": 8, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The ETag of the case as you read it; refused with 412 when it has changed since",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "required": False,
    "description": "The ETag of what you have; answered with 304 when it is still the same",
    "schema": {"type": "string"},
}


def _upload_body() -> dict[str, Any]:
    raw = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
    form = {
        "type": "object",
        "required": ["file"],
        "additionalProperties": False,
        "properties": {"file": {"type": "string", "format": "binary", "minLength": 1}},
    }
    content: dict[str, Any] = dict.fromkeys(RAW_TYPES, raw)
    return {"required": True, "content": {**content, "multipart/form-data": {"schema": form}}}
