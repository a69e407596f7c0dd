from __future__ import annotations

import re

import pytest

from clearinghouse.api.bodies import read_json
from clearinghouse.api.errors import RequestError, TooLarge
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.errors import ClearinghouseError, InvalidInput
from tests.api.factories import Program, lab, person, token
from tests.web.factories import local

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a b", "Bearer nonsense", "x" * 9000]
)
def test_without_a_valid_token_there_is_nothing(authorization: str) -> None:
    answer = Program().get("/me", **({"Authorization": authorization} if authorization else {}))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_token_that_expired_is_none() -> None:
    expired = token(person("Lab One").party, days=-1)
    assert Program(expired).get("/me").status_code == 401


def test_who_sits_at_the_machine_is_nobody_to_the_api() -> None:
    assert local().get("/reports").status_code == 200
    assert local().get("/api/v1/reports").status_code == 401


def test_a_token_says_on_whose_behalf_it_acts() -> None:
    found = lab().get("/me").json()
    assert found["name"] == "lab-one"
    assert found["parties"] == [found["person"]]


@pytest.mark.parametrize("path", ["/nonesuch", "/reports/", "/cases/x/y/z", "/../../etc/passwd", "/%00", "/"])
def test_an_address_that_does_not_exist_is_answered_like_an_object_that_does_not(path: str) -> None:
    unknown = lab().get("/reports/R-aaaaaaaaaaaa")
    answer = Program().get(path)
    assert answer.status_code == 404
    assert answer.content == unknown.content
    assert answer.headers == unknown.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_a_method_that_does_not_exist_is_refused_with_those_that_do(method: str) -> None:
    answer = Program().client.generic(method, "/api/v1/reports")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}
    assert answer.json()["code"] == "method-not-allowed"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_head_is_answered_as_get_is() -> None:
    program = lab()
    answer = program.client.head("/api/v1/me", headers={"Authorization": f"Bearer {program.token}"})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == program.get("/me").headers["ETag"]


def test_what_the_client_has_already_is_not_sent_again() -> None:
    program = lab()
    first = program.get("/me")
    assert re.fullmatch(r'"[0-9a-f]{32}"', first.headers["ETag"])
    again = program.get("/me", **{"If-None-Match": f'"other", {first.headers["ETag"]}'})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert program.get("/me", **{"If-None-Match": '"other"'}).status_code == 200


def test_a_query_that_is_not_understood_is_refused() -> None:
    program = lab()
    for query in ("?finder=Lab", "?limit=1&limit=2", "?Limit=1"):
        answer = program.get(f"/reports{query}")
        assert answer.status_code == 400, query
    assert program.get("/reports?limit=0").status_code == 422
    assert program.get("/reports?state=nonsense").json()["fields"][0]["at"] == "query.state"


def test_a_host_name_that_is_not_ours_is_refused_with_a_problem() -> None:
    answer = Program().client.get("/api/v1/me", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_no_cookie_is_read_or_set() -> None:
    program = lab()
    secret = program.token
    program.token = None
    program.client.cookies["sessionid"] = "x"
    program.client.cookies["token"] = str(secret)
    answer = program.get("/me")
    assert answer.status_code == 401
    assert not answer.cookies
    assert "Set-Cookie" not in answer.headers


def test_an_error_of_ours_shows_none_of_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("clearinghouse.intake.pages.page", fail)
    answer = lab().get("/reports")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret detail" not in answer.content.decode()


def test_who_asks_too_often_is_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Settings(api_token_limit=3, api_address_limit=2)
    monkeypatch.setattr(wiring, "settings", lambda: few)
    program, stranger = lab(), Program()
    answers = [program.get("/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert answers[0].headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].json()["code"] == "rate-limited"
    assert [stranger.get("/me").status_code for _ in range(3)] == [401, 401, 429]
    assert Program(address="192.0.2.8").get("/me").status_code == 401
    assert lab("Lab Two").get("/me").status_code == 200


def test_senders_of_one_network_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "settings", lambda: Settings(api_address_limit=1))
    assert Program(address="2001:db8::1").get("/me").status_code == 401
    assert Program(address="2001:db8::2").get("/me").status_code == 429
    assert Program(address="2001:db8:0:1::1").get("/me").status_code == 401


def test_a_forwarded_address_counts_only_as_far_as_trusted_proxies_wrote_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def codes(proxies: int, *headers: str) -> list[int]:
        few = Settings(api_address_limit=1, proxies=proxies)
        monkeypatch.setattr(wiring, "settings", lambda: few)
        proxy = Program(address=f"192.0.2.{10 + proxies}")
        return [proxy.get("/me", **({"X-Forwarded-For": one} if one else {})).status_code for one in headers]

    assert codes(0, "198.51.100.1", "198.51.100.2") == [401, 429]  # the header is ignored
    assert codes(1, "198.51.100.3", "198.51.100.4") == [401, 401]
    assert codes(1, "203.0.113.1, 198.51.100.5", "203.0.113.2,198.51.100.5") == [401, 429]  # what the sender made up
    assert codes(2, "203.0.113.1, 198.51.100.6, 192.0.2.1", "203.0.113.2, 198.51.100.6, 192.0.2.2") == [401, 429]
    assert codes(2, "203.0.113.3", "203.0.113.4", "") == [401, 429, 429]  # who passed fewer counts by the connection
    assert codes(1, "nonsense", "other nonsense") == [401, 429]


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (DEEP, InvalidInput),
        (b'{"a":' * 20 + b"1" + b"}" * 20, InvalidInput),
        (b'{"a": 1, "a": 2}', InvalidInput),
        (b'{"a": NaN}', RequestError),
        (b"{", RequestError),
        (b"\xff\xfe", RequestError),
        (b'"' + b"x" * 300_000 + b'"', TooLarge),
    ],
)
def test_json_that_is_deep_large_ambiguous_or_none_is_refused(body: bytes, error: type[ClearinghouseError]) -> None:
    with pytest.raises(error):
        read_json(body)


def test_brackets_in_texts_do_not_count_as_depth() -> None:
    assert read_json(b'{"a": "' + b"[" * 100 + b'\\"[[["}') == {"a": "[" * 100 + '"[[['}
