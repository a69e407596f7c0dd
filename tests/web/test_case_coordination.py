"""The case's page shows the embargo's clock with its zone, who takes part, the facts and what was said."""

from __future__ import annotations

import pytest

from clearinghouse.cases import services
from clearinghouse.core.visibility import LOCAL
from tests.cases.factories import VENDOR, days, table
from tests.web.factories import HOSTILE, local, stranger, text

pytestmark = pytest.mark.django_db


def test_the_clock_shows_its_zone_and_proposals_facts_fixes_and_messages_stand_beside_it() -> None:
    made = table()
    made.hold(45)
    made.invite(VENDOR, lines=["1.x", "2.x"])
    services.propose_embargo(made.name, days(60), because=HOSTILE, actor=LOCAL, at=made.now)
    services.post_message(made.name, HOSTILE, actor=LOCAL, at=made.now)
    page = text(local(), f"/cases/{made.name}")
    end = made.case.ends_at
    assert end is not None
    assert f"{end:%Y-%m-%d %H:%M}</time> UTC (45 days after the report)" in page
    for words in ("60 days after the report", "to be decided next", "vendor aware", "2.x", "no fix yet", "TLP:AMBER"):
        assert words in page
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page
    text(stranger(), f"/cases/{made.name}", 404)
