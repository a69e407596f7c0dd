"""The description of the API holds, says what every operation needs and refuses, and the pages say the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from clearinghouse.api.document import document, operations
from clearinghouse.core.roles import Scope
from tests.api.factories import Program
from tests.architecture.source import ROOT
from tests.web.factories import stranger

REFERENCE = (ROOT / "docs" / "reference" / "api.md").read_text()
OPERATIONS = [(path, method, operation) for path, method, operation in operations(document())]
NAMED = [f"{method.upper()} {path}" for path, method, _ in OPERATIONS]


def test_the_description_is_valid_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()] == []


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMED)
def test_every_operation_says_what_it_does_what_it_needs_and_what_it_refuses(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["tags"]
    assert operation["x-scope"] in {*Scope, None}
    assert operation["security"]
    answers = operation["responses"]
    assert {"400", "401", "403", "404", "422", "429", "500"} <= set(answers)
    for status, answer in answers.items():
        assert answer["description"]
        if int(status) >= 400:
            assert list(answer["content"]) == ["application/problem+json"]
    headers = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "header"}
    assert ("Idempotency-Key" in headers) == (method == "post")


def test_every_operation_has_a_scope_but_those_that_name_their_reason() -> None:
    without = {operation["operationId"] for _, _, operation in OPERATIONS if operation["x-scope"] is None}
    assert without == {"me", "get_report_status"}


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMED)
def test_the_reference_names_every_operation_with_its_scope(path: str, method: str, operation: dict[str, Any]) -> None:
    short = path.removeprefix("/api/v1")
    (row,) = re.findall(rf"(?m)^\| `{method.upper()} {re.escape(short)}` \|.*$", REFERENCE)
    assert operation["x-scope"] is None or f"`{operation['x-scope']}`" in row


def test_the_reference_names_no_operation_that_does_not_exist() -> None:
    rows = re.findall(r"(?m)^\| `([A-Z]+) (/[^`]*)` \|", REFERENCE)
    assert sorted(f"{method} /api/v1{path}" for method, path in rows) == sorted(NAMED)


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=NAMED)
def test_every_operation_is_there(path: str, method: str, operation: dict[str, Any]) -> None:
    answer = stranger().generic(method.upper(), re.sub(r"{[a-z]+}", "x", path))
    assert answer.status_code != 405
    assert answer.status_code == 401 or {} in operation["security"]


@pytest.mark.django_db
def test_the_description_is_served_to_everybody() -> None:
    answer = Program().get("/openapi.json")
    assert answer.json() == document()


@pytest.mark.django_db
def test_the_page_lists_every_operation_without_script_or_anything_from_elsewhere() -> None:
    answer = stranger().get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "script-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"""<script|\sstyle=|<style|\son[a-z]+=|//[a-z]""", page)
    for path, method, operation in OPERATIONS:
        assert f"<code>{method.upper()} {path}</code>" in page
        assert f'id="{operation["operationId"]}"' in page
