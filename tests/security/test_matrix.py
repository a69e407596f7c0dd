"""Role by endpoint by label by embargo: every address and operation against the table in `matrix.toml`."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from clearinghouse.api.document import document, operations
from clearinghouse.core.roles import Scope
from tests.security import matrix
from tests.security.world import VIEWERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.http import HttpResponse

    from tests.security.matrix import Row, State
    from tests.security.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]

# What the default run looks at of the fifteen columns; `.ci/run` adds MORE, and BY_CHANCE of all, others in each run.
SOME = ("held AMBER",)
MORE = ("open GREEN", "published CLEAR")
BY_CHANCE = 2
PAGES, OPERATIONS, FIELDS = (matrix.rows(section) for section in ("pages", "operations", "fields"))
READS = [row for row in OPERATIONS if row.method == "GET" and row.call != "GET /report-status"]
WRITES = [row for row in OPERATIONS if row.body is not None]
GRIDS = set(matrix.table()["grids"])
SHOWN = [row for row in PAGES if row.shows in GRIDS]


def addresses(found: Iterable[URLPattern | URLResolver] | None = None, before: str = "/") -> Iterator[str]:
    """Every route of the URL configuration as it is written there; those below /api/v1 are in the OpenAPI document."""
    for one in get_resolver().url_patterns if found is None else found:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, route)
        else:
            yield route


def test_every_page_has_a_row_and_every_row_has_a_page() -> None:
    below_api = re.compile(r"/api/(v1/(?!openapi)|\^)")
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route) for route in addresses() if not below_api.match(route)}
    assert routes == {row.path for row in PAGES}


def test_every_operation_has_a_row_with_its_scope_and_every_row_has_an_operation() -> None:
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation
        for path, method, operation in operations(document())
    }
    assert set(described) == {row.call for row in OPERATIONS}
    for row in OPERATIONS:
        assert described[row.call]["x-scope"] == row.scope, row.call
        assert ({} in described[row.call]["security"]) == row.public, row.call


def test_every_grid_has_a_line_for_every_viewer_and_every_letter_is_known() -> None:
    for name in matrix.table()["grids"]:
        assert list(matrix.grid(name)) == list(VIEWERS), name
        for viewer in VIEWERS:
            letters = matrix.cells(name, viewer)
            assert len(letters) == 15, (name, viewer)
            assert set(letters) <= set("+-im"), (name, viewer)


def columns(row: Row, *, more: bool) -> list[State]:
    """The states to look at; one is enough for what does not depend on any.

    All of them at once would take half an hour: `more` adds a few that are taken by chance, by the seed of the run.
    """
    if len(matrix.grid(row.shows)["public"]) == 1:
        return [] if more else [matrix.STATES[0]]
    named = MORE if more else SOME
    found = [state for state in matrix.one_of_each() if f"{state.phase} {state.label}" in named]
    return found + (random.sample(matrix.STATES, BY_CHANCE) if more else [])


def holds(world: World, row: Row, state: State) -> None:
    """Every viewer gets what the row's grid says, and who may see nothing gets what it would get for nothing."""
    world.put(embargo=state.embargo, tlp=state.label, published=state.phase == "published")
    for viewer in VIEWERS:
        letter = matrix.cells(row.shows, viewer)[state.column]
        expected = letter in ("+mi" if row.invites else "+m")
        answer = ask(world, row, viewer)
        where = f"{row.call} for {viewer}, {state}: {answer.status_code}"
        if viewer == "public" and answer.status_code in {302, 401}:
            assert not row.public, where  # who is nobody is asked to say who it is, whatever there is
            continue
        assert matrix.shown(world, row, answer) is expected, where
        if not expected and not row.absent and row not in FIELDS and viewer != "public":
            same(answer, ask(world, row, viewer, unknown=True), where)


def ask(world: World, row: Row, viewer: str, *, unknown: bool = False) -> HttpResponse:
    """What the viewer is answered: its program at an operation, its browser at a page."""
    path = matrix.filled(world, row.path, unknown=unknown, reads=True)
    return world.program(viewer).get(path) if " " in row.call else world.browser(viewer).get(path)


def same(answer: HttpResponse, unknown: HttpResponse, where: str) -> None:
    """Two answers that nobody can tell apart."""
    assert answer.status_code == unknown.status_code == 404, where
    assert answer.content == unknown.content, where
    assert answer.headers == unknown.headers, where


@pytest.mark.parametrize("row", [*SHOWN, *READS, *FIELDS], ids=lambda row: f"{row.call} {row.shows}")
def test_each_viewer_is_shown_what_the_table_says_and_no_more(found: World, row: Row) -> None:
    for state in columns(row, more=False):
        holds(found, row, state)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("row", [*SHOWN, *READS, *FIELDS], ids=lambda row: f"{row.call} {row.shows}")
def test_so_it_is_under_labels_and_states_of_the_embargo_taken_by_chance(found: World, row: Row) -> None:
    for state in columns(row, more=True):
        holds(found, row, state)


@pytest.mark.parametrize("row", WRITES, ids=lambda row: row.call)
def test_a_verb_is_reached_by_whom_the_table_says_and_is_not_there_for_others(found: World, row: Row) -> None:
    for state in columns(row, more=False):
        reached(found, row, state)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("row", WRITES, ids=lambda row: row.call)
def test_so_it_is_with_every_verb_under_labels_and_states_taken_by_chance(found: World, row: Row) -> None:
    for state in columns(row, more=True):
        reached(found, row, state)


def reached(world: World, row: Row, state: State) -> None:
    """Each viewer sends the same; nothing of it stays."""
    world.put(embargo=state.embargo, tlp=state.label, published=state.phase == "published")
    for viewer in VIEWERS:
        answers = []
        for unknown in (False, True):
            with transaction.atomic():
                path, body = (matrix.filled(world, text, unknown=unknown) for text in (row.path, json.dumps(row.body)))
                answers.append(world.program(viewer).post(path, json.loads(body)))
                transaction.set_rollback(True)
        where = f"{row.call} for {viewer}, {state}: {answers[0].status_code}"
        if viewer == "public":
            assert answers[0].status_code == 401, where
        elif matrix.cells(row.shows, viewer)[state.column] == "+":
            assert answers[0].status_code in {201, 409, 422}, where
        else:
            same(*answers, where)


@pytest.mark.parametrize("row", [row for row in PAGES if row.shows not in GRIDS], ids=lambda row: row.call)
def test_a_page_of_accounts_asks_who_is_there_and_a_form_where_it_came_from(found: World, row: Row) -> None:
    nobody, somebody = found.browser("public"), found.browser("account")
    path = matrix.filled(found, row.path)
    assert row.shows in {"confirmed", "entrance", "form", "posted"}
    answer = nobody.get(path)
    if row.shows == "posted":
        assert answer.status_code == 405
    elif row.shows == "entrance":
        assert answer.status_code in {200, 302, 404}
    else:
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/account/sign-in")
    if row.shows == "form":
        assert somebody.get(path).status_code == 405
    for client in (nobody, somebody):
        assert client.post(path).status_code in {403, 405}  # without the token of a page of ours


@pytest.mark.parametrize("row", [row for row in OPERATIONS if row.scope], ids=lambda row: row.call)
def test_a_token_without_the_scope_is_refused_whatever_exists(found: World, row: Row) -> None:
    others = [scope for scope in Scope if scope != row.scope]
    answers = []
    for unknown in (False, True):
        program = found.program("coordinator", *others)
        path = matrix.filled(found, row.path, unknown=unknown)
        answers.append(program.get(path) if row.method == "GET" else program.post(path, {}))
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].content == answers[1].content
