"""Every operation, asked in ways that the description allows and in ways that it forbids, answers as it promises."""

from __future__ import annotations

from uuid import uuid4

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from tests.api.factories import person, token

ARCHIVES = ("application/gzip", "application/x-tar", "application/zip", "application/zstd", "application/sarif+json")


@schemathesis.serializer(*ARCHIVES)
def as_it_is(_context: object, value: object) -> bytes:
    """Bytes that are no archive; what is one is sent elsewhere."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
UNHURRIED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]


@pytest.fixture
def authorization(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(wiring, "settings", lambda: Settings(api_token_limit=10**6, api_report_limit=10**6))
    return f"Bearer {token(person('Lab One').party)}"


def ask(case: schemathesis.Case, authorization: str) -> None:
    headers = {"Authorization": authorization}
    if case.method == "POST" and "Idempotency-Key" in (case.headers or {}):
        headers["Idempotency-Key"] = str(uuid4())
    case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])


@schema.parametrize()
@settings(max_examples=3, suppress_health_check=UNHURRIED, phases=[Phase.generate])
def test_every_operation_answers_as_described(case: schemathesis.Case, authorization: str) -> None:
    ask(case, authorization)


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=200, suppress_health_check=UNHURRIED)
def test_every_operation_answers_as_described_to_many(case: schemathesis.Case, authorization: str) -> None:
    ask(case, authorization)
