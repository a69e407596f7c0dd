"""Every operation, asked in ways that the description allows and in ways that it forbids, answers as it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from tests.api.factories import person, token

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHIVES = ("application/gzip", "application/x-tar", "application/zip", "application/zstd", "application/sarif+json")


@schemathesis.serializer(*ARCHIVES)
def as_it_is(_context: object, value: object) -> bytes:
    """Bytes that are no archive; what is one is sent elsewhere."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
schema.config.generation.update(with_security_parameters=False)
UNHURRIED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]


@pytest.fixture
def authorization(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(wiring, "settings", lambda: Settings(api_token_limit=10**6, api_report_limit=10**6))
    # The end of a request closes its connection, which here is the test's own.
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield f"Bearer {token(person('Lab One').party)}"
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def ask(case: schemathesis.Case, authorization: str) -> None:
    """Ask with a valid token; none and wrong ones are tested where that is what is tested."""
    not_here = [positive_data_acceptance, ignored_auth]
    case.call_and_validate(headers={"Authorization": authorization}, excluded_checks=not_here)


@schema.parametrize()
@settings(max_examples=3, suppress_health_check=UNHURRIED, phases=[Phase.generate])
def test_every_operation_answers_as_described(case: schemathesis.Case, authorization: str) -> None:
    ask(case, authorization)


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=50, suppress_health_check=UNHURRIED)
def test_every_operation_answers_as_described_to_many(case: schemathesis.Case, authorization: str) -> None:
    ask(case, authorization)
