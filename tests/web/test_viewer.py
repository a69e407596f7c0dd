from __future__ import annotations

import pytest

from clearinghouse.web.viewer import LOCAL, is_local

HERE = {LOCAL: True, "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8400"}


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "localhost", "LOCALHOST:80", "[::1]:8400"])
def test_who_opens_a_page_at_the_machine_itself_reads_as_the_coordinator(host: str) -> None:
    assert is_local(HERE | {"HTTP_HOST": host})
    assert is_local(HERE | {"REMOTE_ADDR": "::1"})


@pytest.mark.parametrize(
    "change",
    [
        {LOCAL: False},
        {LOCAL: "true"},
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "clearinghouse.example"},
        {"HTTP_HOST": "127.0.0.1.example"},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_FORWARDED": "for=192.0.2.7"},
        {"HTTP_VIA": "1.1 proxy"},
    ],
)
def test_anything_that_speaks_against_it_makes_the_viewer_the_public(change: dict[str, object]) -> None:
    assert not is_local(HERE | change)


def test_a_server_that_says_nothing_of_where_it_listens_shows_what_is_public() -> None:
    assert not is_local({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"})
