"""A statement says one verdict on one bundle, in one spelling, and is read back only in that spelling."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.proof import ProofResult, Verdict
from clearinghouse.core.typed_json import canonical
from clearinghouse.formats.intoto import Attested, read_statement, write_statement
from clearinghouse.prover.bundle import bundle_id
from tests.core.test_typed_json import RESULT

ATTESTED = Attested("my-proof", RESULT)


def statement() -> dict[str, Any]:
    """The statement as any reader of JSON sees it."""
    found: dict[str, Any] = json.loads(write_statement(ATTESTED))
    return found


def test_a_statement_is_one_of_in_toto_about_the_bundle() -> None:
    found = statement()
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["predicateType"] == "urn:openclearinghouse:verdict:1"
    assert found["subject"] == [{"name": "my-proof", "digest": {"sha256": RESULT.id, "dirHash": RESULT.id}}]


def test_it_says_the_verdict_with_all_that_led_to_it() -> None:
    predicate = statement()["predicate"]
    said = json.loads(json.dumps(RESULT.as_json()))
    assert {key: predicate[key] for key in said if key != "id"} == {k: v for k, v in said.items() if k != "id"}
    assert {"prover", "oracle", "signature", "targets"} <= predicate["environment"].keys()


def test_the_environment_digest_can_be_computed_by_anyone() -> None:
    predicate = statement()["predicate"]
    plain = json.dumps(predicate["environment"], sort_keys=True, separators=(",", ":"))
    assert predicate["environment_digest"] == {"sha256": hashlib.sha256(plain.encode()).hexdigest()}


def test_a_bundle_id_is_what_in_toto_calls_a_directory_hash() -> None:
    files = {"proof.toml": b"a", "files/b": b"b"}
    lines = "".join(f"{hashlib.sha256(files[p]).hexdigest()}  {p}\n" for p in ("files/b", "proof.toml"))
    assert bundle_id(files) == hashlib.sha256(lines.encode()).hexdigest()


def test_what_is_written_is_read_back() -> None:
    assert read_statement(write_statement(ATTESTED)) == ATTESTED


@given(st.text(max_size=50), st.lists(st.text(max_size=20), max_size=3))
def test_whatever_a_target_made_us_say_survives(signature: str, reasons: list[str]) -> None:
    row = replace(RESULT.matrix[0], signature=signature + "\udcff")
    attested = replace(ATTESTED, result=replace(RESULT, matrix=(row,), reasons=tuple(reasons)))
    assert read_statement(write_statement(attested)) == attested


@pytest.mark.parametrize("identity", [None, "", "b" * 63, "B" * 64, "../" + "b" * 61])
def test_a_verdict_on_no_bundle_is_not_stated(identity: str | None) -> None:
    with pytest.raises(InvalidInput, match="no subject"):
        write_statement(Attested("n", ProofResult(identity, Verdict.INVALID)))


@pytest.mark.parametrize("name", ["", "a\nb", "\x1b[2J", "x" * 256, "\udcff"])
def test_a_name_that_could_mislead_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="is no name"):
        write_statement(replace(ATTESTED, name=name))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("_type",), "https://in-toto.io/Statement/v0.1"),
        (("predicateType",), "urn:openclearinghouse:verdict:2"),
        (("subject",), []),
        (("subject",), {}),
        (("subject", 0, "name"), "\n"),
        (("subject", 0, "name"), None),
        (("subject", 0, "uri"), "x"),
        (("subject", 0, "digest"), {"sha256": RESULT.id}),
        (("subject", 0, "digest", "sha256"), "c" * 64),
        (("subject", 0, "digest", "sha256"), 1),
        (("predicate",), []),
        (("predicate", "verdict"), "approved"),
        (("predicate", "logs"), {}),
        (("predicate", "environment"), None),
        (("predicate", "environment", "prover"), "2"),
        (("predicate", "environment_digest", "sha256"), "c" * 64),
        (("predicate", "environment_digest"), "c" * 64),
        (("more",), 1),
    ],
)
def test_any_other_statement_is_refused(path: tuple[Any, ...], value: Any) -> None:
    wrong = copy.deepcopy(statement())
    holder = wrong
    for part in path[:-1]:
        holder = holder[part]
    assert holder is wrong or holder.get(path[-1]) != value
    holder[path[-1]] = value
    with pytest.raises(InvalidInput, match="not a statement about a verdict"):
        read_statement(canonical(wrong))


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"{}", json.dumps(json.loads(b"[1]")).encode()])
def test_what_is_no_statement_is_refused(payload: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_statement(payload)


def test_another_spelling_of_the_same_statement_is_refused() -> None:
    with pytest.raises(InvalidInput, match="canonical"):
        read_statement(json.dumps(statement()).encode())


def test_what_an_older_prover_stated_can_still_be_read() -> None:
    older = statement()
    environment = older["predicate"]["environment"]
    del environment["signature"]
    older["predicate"]["environment_digest"]["sha256"] = hashlib.sha256(canonical(environment)).hexdigest()
    assert read_statement(canonical(older)).result == RESULT
