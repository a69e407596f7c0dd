"""Documents become values only when every member is known, there, once, and of its very type."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from clearinghouse.core.proof import Environment, Grade, Input, MatrixRow, ProofResult, Variant, Verdict
from clearinghouse.core.typed_json import canonical, strict_loads

ROW = MatrixRow(Variant.VULNERABLE, Input.TRIGGER, "1.0", n=5, k=5, signature="fired", logs=("a" * 64,))
RESULT = ProofResult(
    "b" * 64,
    Verdict.PROVEN,
    Grade.A,
    reasons=("it fired",),
    matrix=(ROW,),
    environment=Environment(prover="1", limits={"wall_seconds": 20.0}, targets={"1.0": "c" * 64}),
)


def document() -> dict[str, Any]:
    """The result as somebody else's JSON parser would give it."""
    found: dict[str, Any] = strict_loads(canonical(RESULT.as_json()))
    return found


def test_a_result_comes_back_as_it_was() -> None:
    assert ProofResult.from_json(document()) == RESULT


def test_what_an_older_result_does_not_have_takes_its_default() -> None:
    older = document()
    del older["environment"]["signature"]
    assert ProofResult.from_json(older) == RESULT


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("verdict",), "approved", "verdict"),
        (("verdict",), 1, "verdict"),
        (("grade",), "", "grade"),
        (("id",), 5, "id"),
        (("reasons",), "it fired", "reasons"),
        (("reasons", 0), None, "reasons[0]"),
        (("matrix", 0, "n"), "5", "matrix[0].n"),
        (("matrix", 0, "n"), True, "matrix[0].n"),
        (("matrix", 0, "n"), 5.0, "matrix[0].n"),
        (("matrix", 0, "more"), 1, "matrix[0].more"),
        (("matrix", 0, "variant"), "best", "matrix[0].variant"),
        (("matrix",), {}, "matrix"),
        (("environment",), [], "environment"),
        (("environment", "limits", "wall_seconds"), True, "environment.limits.wall_seconds"),
        (("environment", "targets"), ["1.0"], "environment.targets"),
        (("logs",), {}, "logs"),
        (("more",), 1, "more"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(path: tuple[Any, ...], value: Any, place: str) -> None:
    wrong = copy.deepcopy(document())
    holder = wrong
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    with pytest.raises(ValueError) as caught:
        ProofResult.from_json(wrong)
    assert str(caught.value).startswith(f"{place}: ")


@pytest.mark.parametrize("name", ["id", "verdict"])
def test_what_has_no_default_must_be_there(name: str) -> None:
    lacking = document()
    del lacking[name]
    with pytest.raises(ValueError, match=f"{name}: is missing"):
        ProofResult.from_json(lacking)


@pytest.mark.parametrize("text", [b'{"a":1,"a":1}', b'{"b":{"a":1,"a":2}}', b"NaN", b"[Infinity]", b"\xff", b"", b"{"])
def test_json_with_doubles_or_more_than_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        strict_loads(text)


def test_json_nested_beyond_reading_is_refused_like_the_rest() -> None:
    with pytest.raises(ValueError):
        strict_loads(b"[" * 200_000)


def test_the_canonical_spelling_does_not_depend_on_the_order_and_holds_any_text() -> None:
    assert canonical({"b": [1, 2.5], "a": "é\udcff"}) == canonical({"a": "é\udcff", "b": [1, 2.5]})
    assert canonical({"b": 1, "a": "é"}) == b'{"a":"\\u00e9","b":1}'
    with pytest.raises(ValueError):
        canonical(float("nan"))
