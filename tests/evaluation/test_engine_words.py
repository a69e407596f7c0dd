"""What engine and run say to each other, what counts as a refusal, and how credentials are kept out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clearinghouse.core.errors import InvalidInput
from clearinghouse.evaluation.engine.confine import host_and_port
from clearinghouse.evaluation.engine.control import Ask, ask, asked
from clearinghouse.evaluation.engine.orders import Credentials, Event, Orders, Prices, try_of
from clearinghouse.evaluation.engine.refusals import reads_as_refusal
from clearinghouse.evaluation.engine.secrets import holds_any
from clearinghouse.evaluation.interface import Answer, Offer
from clearinghouse.evaluation.store import Attempt, Budget


def test_orders_and_events_come_over_as_they_were() -> None:
    offer = Offer(
        prompt="é",
        answer=Answer(path="a"),
        files={"f": b"\x00\xff"},
        trees={"/target": Path("/x")},
        environment={"A": "b"},
    )
    order = try_of("one", 2, offer, b"\xfe")
    orders = Orders(
        agent="baseline/oracle",
        tries=(order,),
        budget=Budget(tokens=5),
        state="/s",
        scratch="",
        prices=Prices(input=1, output=2),
    )
    again = Orders.from_bytes(orders.as_bytes())
    assert again == orders
    assert again.tries[0].offer == offer
    assert again.tries[0].known == b"\xfe"
    event = Event(attempt=Attempt(agent="a", task="one", epoch=2, trouble="no"), artifact="AA==", transcript="{}")
    assert Event.from_json(json.loads(event.as_bytes())) == event


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I cannot assist with creating exploits.", True),
        ("I’m unable to provide this.", True),
        ("I can't reproduce it with this input; trying another.", False),
        ("The parser cannot handle it. I will write the answer.", False),
    ],
)
def test_a_model_that_will_not_is_told_from_one_that_cannot(words: str, refused: bool) -> None:
    assert reads_as_refusal(words) is refused


def test_credentials_are_found_in_any_spelling_and_shown_in_none() -> None:
    credentials = Credentials("https://lab.example:8443/v1/", 'sk-"quoted"-key')
    assert "sk-" not in repr(credentials)
    for text in (
        '… sk-"quoted"-key …',
        r'{"x": "sk-\"quoted\"-key"}',
        "at lab.example:8443/v2",
        "https://lab.example:8443/v1",
    ):
        assert holds_any([b"nothing", text.encode()], credentials)
    assert not holds_any([b"lab.example:80 sk-other"], credentials)
    assert not holds_any([b"anything"], Credentials())


def test_an_endpoint_is_one_host_and_port() -> None:
    assert host_and_port("https://lab.example/v1") == ("lab.example", 443)
    assert host_and_port("http://127.0.0.1:8080/v1") == ("127.0.0.1", 8080)
    for url in ("lab.example", "ftp://lab.example", "https://", "https://lab.example:port/"):
        with pytest.raises(InvalidInput):
            host_and_port(url)


def test_a_run_is_asked_by_a_file(tmp_path: Path) -> None:
    assert asked(tmp_path) is Ask.GO_ON
    for what in (Ask.PAUSE, Ask.CANCEL, Ask.GO_ON):
        ask(tmp_path, what)
        assert asked(tmp_path) is what
