"""What describes the API: the OpenAPI document, and a page of it without script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from clearinghouse import __version__
from clearinghouse.api import problems
from clearinghouse.api.document import document, operations
from clearinghouse.core.errors import ClearinghouseError

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def openapi(_request: HttpRequest) -> HttpResponse:
    """The description as a document of OpenAPI 3.1."""
    content = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    return HttpResponse(content, content_type="application/json")


@require_safe
def docs(_request: HttpRequest) -> HttpResponse:
    """The same as a page: every operation with its scope, what it takes, gives and refuses."""
    found = document()
    listed = [_shown(path, method, operation) for path, method, operation in operations(found)]
    codes = sorted(set(_codes(ClearinghouseError)))
    context = {"operations": listed, "about": found["info"]["description"], "codes": codes, "version": __version__}
    return HttpResponse(render_to_string("api_docs.html", context))


def unknown(_request: HttpRequest) -> HttpResponse:
    """An address that does not exist, answered like an object that does not."""
    return problems.not_found()


def _shown(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    scope = operation["x-scope"]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "who": _who(operation),
        "scope": scope,
        "parameters": operation["parameters"],
        "body": _fields(operation),
        "media": list(operation.get("requestBody", {}).get("content", {})),
        "answers": [(status, answer["description"]) for status, answer in sorted(operation["responses"].items())],
    }


def _who(operation: dict[str, Any]) -> str:
    """Which token an operation takes, in words."""
    if {"statusToken": []} in operation["security"]:
        return "the status token of a report"
    scope = operation["x-scope"]
    words = f"a token with the scope {scope}" if scope else "any token"
    return f"{words}, or none" if {} in operation["security"] else words


def _fields(operation: dict[str, Any]) -> list[tuple[str, str]]:
    """The members of a JSON body: name, and what it holds."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = content.get("$ref", "").rpartition("/")[2]
    schema = document()["components"]["schemas"].get(name, {})
    required = schema.get("required", [])
    return [
        (field, ("" if field in required else "optional; ") + str(details.get("description", "")))
        for field, details in schema.get("properties", {}).items()
    ]


def _codes(base: type[ClearinghouseError]) -> list[str]:
    return [base.code, *(code for child in base.__subclasses__() for code in _codes(child))]
