"""Role × operation: who reads what of a review, who reaches which verb; the forbidden looks like the unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.roles import Scope
from clearinghouse.registry.models import Party
from tests.api.factories import Program, token
from tests.reviews.factories import ADDRESS, HEX, SECRET, table

if TYPE_CHECKING:
    from clearinghouse.core.visibility import Actor

pytestmark = pytest.mark.django_db
VIEWERS = ("dev", "other", "ada", "ben", "eve", "agency", "coordinator")
BODIES: dict[str, dict[str, Any]] = {
    "submission": {"terms": HEX},
    "releases": {"public_at": "2199-01-01T00:00:00Z"},
    "appointments": {"party": "nobody-there", "role": "observer"},
    "acceptance": {},
    "refusal": {"because": "no room"},
    "pause": {},
    "resumption": {},
    "closing": {},
    "sharing": {},
    "comment": {"text": "words"},
    "final": {"report": HEX},
    "successor": {"review": "0" * 32},
    "withdrawal": {},
}
# Who reaches the verb; what it then makes of it is the room's to test.
REACHED = {
    "submission": {"dev"},
    "releases": {"dev"},
    "appointments": {"coordinator"},
    "acceptance": {"ada", "ben"},
    "refusal": {"ada", "ben"},
    "pause": {"ada", "eve"},
    "resumption": {"ada", "eve"},
    "closing": {"ada"},
    "sharing": {"ada"},
    "comment": {"dev"},
    "final": {"ada", "ben"},
    "successor": {"ada"},
    "withdrawal": {"dev"},
}


def ask(actor: Actor, path: str, body: dict[str, Any] | None, scope: Scope) -> Any:
    """Ask with a token of that person; with a body, as a POST."""
    program = Program(token(Party.objects.get(key=actor.person), scope))
    return program.get(path) if body is None else program.post(path, body)


def test_each_reads_its_part_and_no_credential_and_a_stranger_gets_what_the_unknown_gets() -> None:
    made = table()
    made.shared()
    seen = {name: ask(made.people[name], f"/reviews/{made.key}", None, Scope.REVIEWS_READ) for name in VIEWERS}
    lists = {name: ask(made.people[name], "/reviews", None, Scope.REVIEWS_READ) for name in VIEWERS}
    assert {name for name, answer in seen.items() if answer.status_code == 200} == set(VIEWERS) - {"other"}
    assert {name for name, answer in lists.items() if made.key in answer.content.decode()} == set(VIEWERS) - {"other"}
    unknown = ask(made.people["other"], f"/reviews/{'0' * 32}", None, Scope.REVIEWS_READ)
    assert (seen["other"].status_code, seen["other"].content) == (404, unknown.content)
    assert {name for name in VIEWERS if "planted words" in seen[name].content.decode()} == {"dev", "ada", "ben", "eve"}
    assert {name for name in VIEWERS if "planted figures" in seen[name].content.decode()} == {
        "dev",
        "ada",
        "ben",
        "eve",
    }
    everything = "".join(answer.content.decode() for answer in (*seen.values(), *lists.values()))
    assert SECRET not in everything
    assert ADDRESS not in everything


@pytest.mark.parametrize("verb", sorted(BODIES))
def test_a_verb_is_reached_by_its_roles_and_for_all_others_there_is_no_review(verb: str) -> None:
    made = table()
    made.final()  # where no verb does anything any more, so that all can be asked
    reached = set()
    for name in VIEWERS:
        answer = ask(made.people[name], f"/reviews/{made.key}/{verb}", BODIES[verb], Scope.REVIEWS_WRITE)
        there = answer.status_code not in {403, 404}
        reached |= {name} if there else set()
        if not there:
            unknown = ask(made.people[name], f"/reviews/{'0' * 32}/{verb}", BODIES[verb], Scope.REVIEWS_WRITE)
            assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content)
    assert reached == REACHED[verb]
    assert made.state == "final"


def test_why_holdout_tasks_were_taken_is_for_who_runs_the_review() -> None:
    made = table()
    made.running()
    path = f"/reviews/{made.key}/holdout"
    answers = {name: ask(made.people[name], path, None, Scope.REVIEWS_READ) for name in VIEWERS}
    assert {name for name, answer in answers.items() if answer.status_code == 200} == {"ada", "ben", "eve"}
    assert answers["eve"].json() == {"items": []}
    assert {answer.content for name, answer in answers.items() if name not in {"ada", "ben", "eve"}} == {
        ask(made.people["other"], f"/reviews/{'0' * 32}/holdout", None, Scope.REVIEWS_READ).content
    }


def test_a_token_without_the_scope_gets_nothing() -> None:
    made = table()
    made.shared()
    assert ask(made.people["ada"], f"/reviews/{made.key}", None, Scope.CASES_READ).status_code == 403
    assert ask(made.people["ada"], f"/reviews/{made.key}/closing", {}, Scope.REVIEWS_READ).status_code == 403


def test_a_review_is_begun_for_ones_own_organisation_and_for_no_other() -> None:
    made = table()
    sent = {
        "organisation": "model-lab",
        "model": "M",
        "card": {"summary": "words"},
        "public_at": "2199-01-01T00:00:00Z",
    }
    begun = ask(made.people["dev"], "/reviews", sent, Scope.REVIEWS_WRITE)
    assert begun.status_code == 201, begun.content
    found = ask(made.people["dev"], f"/reviews/{begun.json()['review']}", None, Scope.REVIEWS_READ).json()
    assert (found["state"], found["model"], found["submission"]["card"]["summary"]) == ("draft", "M", "words")
    for name in ("other", "ada", "agency"):
        refused = ask(made.people[name], "/reviews", sent, Scope.REVIEWS_WRITE)
        unknown = ask(made.people[name], "/reviews", sent | {"organisation": "nonesuch"}, Scope.REVIEWS_WRITE)
        assert (refused.status_code, unknown.status_code) == (404, 404), name
