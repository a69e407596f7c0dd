from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from clearinghouse.advisories import queries, services
from clearinghouse.cases import queries as cases
from clearinghouse.cases.services import assess, decide_embargo, end_embargo, propose_embargo
from clearinghouse.core.errors import Conflict, NotFound, Refused, UsageError
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo_terms import PRESETS
from clearinghouse.core.protocol.events import FACT_EVENTS
from clearinghouse.core.visibility import LOCAL, PUBLIC
from clearinghouse.journal import queries as journal
from tests.intake.factories import START, House, house
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug

pytestmark = pytest.mark.django_db
SCHEMA = Path(__file__).parents[3] / "shared" / "schemas" / "osv-1.7.json"
CASE = "CLH-2026-00001"


def settled(*sketches: Sketch, oracle: str = "exec") -> House:
    clearing = house(alpha=Bug("gizmo.core:load", oracle=oracle))
    for i, sketch in enumerate(sketches):
        clearing.send(sketch, finder=f"Lab {i}")
    clearing.work()
    return clearing


def publish(clearing: House, folder: Path, *, confirm: bool = False) -> services.Publication:
    return services.publish(
        CASE, actor=LOCAL.called("A. Coordinator"), confirm=confirm, folder=folder, clock=clearing.clock
    )


def test_a_proven_case_is_published_as_osv_with_executed_facts(tmp_path: Path) -> None:
    one = Sketch("alpha", aliases=("CVE-2026-0001",))
    clearing = settled(one, Sketch("alpha", fixed="1.6", words="other"))
    done = publish(clearing, tmp_path / "published")
    document = json.loads(done.path.read_text())
    assert document["id"] == f"x_{CASE}"
    assert document["aliases"] == ["CVE-2026-0001"]
    (affected,) = document["affected"]
    assert affected["package"] == {"ecosystem": "PyPI", "name": "gizmo", "purl": "pkg:pypi/gizmo"}
    assert affected["versions"] == ["1.4"]
    assert affected["ranges"][0]["events"] == [{"introduced": "1.4"}, {"fixed": "1.5"}]
    assert [credit["name"] for credit in document["credits"]] == ["Lab 0", "Lab 1", "A. Coordinator"]
    assert document["database_specific"]["proofs"][0]["verdict"] == "proven"


def test_what_is_published_obeys_the_published_schema(tmp_path: Path) -> None:
    if not SCHEMA.exists():
        pytest.skip(f"OSV's published schema is not at {SCHEMA}; test_osv.py holds the rules we check without it")
    clearing = settled(Sketch("alpha", aliases=("CVE-2026-0001", "GHSA-aaaa-bbbb-cccc")))
    document = json.loads(publish(clearing, tmp_path).path.read_text())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert document["related"] == ["CVE-2026-0001", "GHSA-aaaa-bbbb-cccc"]


def test_publishing_twice_publishes_once_and_mends_a_lost_file(tmp_path: Path) -> None:
    clearing = settled(Sketch("alpha"))
    first = publish(clearing, tmp_path)
    text, entries = first.path.read_text(), journal.verify().entries
    first.path.unlink()
    again = publish(clearing, tmp_path)
    assert (first.known, again.known) == (False, True)
    assert again.path.read_text() == text
    assert journal.verify().entries == entries
    assert [p.name for p in tmp_path.iterdir()] == [f"{CASE}.osv.json"]


def test_the_worker_writes_what_a_crash_left_out(tmp_path: Path) -> None:
    done = publish(settled(Sketch("alpha")), tmp_path)
    done.path.unlink()
    assert services.write_missing(tmp_path) == 1
    assert services.write_missing(tmp_path) == 0
    assert done.path.exists()


def test_a_case_that_needs_confirmation_is_refused_until_somebody_confirms(tmp_path: Path) -> None:
    clearing = settled(Sketch("alpha", oracle="predicate"), oracle="predicate")
    with pytest.raises(Refused, match="needs a person's confirmation"):
        publish(clearing, tmp_path)
    assert list(tmp_path.iterdir()) == []
    document = json.loads(publish(clearing, tmp_path, confirm=True).path.read_text())
    assert document["database_specific"]["confirmed_by"] == "A. Coordinator"


def test_under_an_embargo_nothing_is_published_and_after_it_the_public_knows(tmp_path: Path) -> None:
    clearing = settled(Sketch("alpha"))
    actor = LOCAL.called("A. Coordinator")
    propose_embargo(CASE, terms=PRESETS["45"], actor=actor, at=clearing.clock())
    decide_embargo(CASE, accept=True, actor=actor, at=clearing.clock())
    with pytest.raises(Refused, match="under an embargo until 2027-01-07 12:00 UTC"):
        publish(clearing, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert cases.cases(actor=PUBLIC) == ()
    end_embargo(CASE, actor=actor, at=clearing.clock(), because="everybody agreed")
    publish(clearing, tmp_path)
    kinds = [entry.kind for entry in journal.entries(f"case/{CASE}")]
    assert kinds[-3:] == ["case published", FACT_EVENTS[Fact.PUBLIC], FACT_EVENTS[Fact.VENDOR_AWARE]]
    with pytest.raises(Conflict):
        propose_embargo(CASE, terms=PRESETS["45"], actor=actor, at=clearing.clock())


def test_no_case_no_name_no_publication(tmp_path: Path) -> None:
    clearing = settled(Sketch("alpha"))
    with pytest.raises(NotFound):
        services.publish(
            "CLH-2026-00009", actor=LOCAL.called("A"), confirm=False, folder=tmp_path, clock=clearing.clock
        )
    with pytest.raises(UsageError):
        services.publish(CASE, actor=LOCAL.called(" "), confirm=False, folder=tmp_path, clock=clearing.clock)


def test_the_public_sees_a_case_only_once_it_is_published(tmp_path: Path) -> None:
    clearing = settled(Sketch("alpha"))
    assert cases.cases(actor=PUBLIC) == ()
    assert cases.case(CASE, actor=PUBLIC) is None
    publish(clearing, tmp_path)
    (row,) = cases.cases(actor=PUBLIC)
    assert (row.id, row.state) == (CASE, "published")
    seen = cases.case(CASE, actor=PUBLIC)
    assert seen is not None
    assert (seen.logs, seen.journal, seen.pairs) == (frozenset(), (), ())
    assert [a.id for a in queries.advisories()] == [f"x_{CASE}"]


def test_a_stated_fact_changes_the_priority_and_is_kept_with_its_reason() -> None:
    settled(Sketch("alpha"))
    (row,) = cases.cases(actor=LOCAL)
    assert row.priority.label == "track to attend"
    assess(
        CASE,
        name="mission",
        value="high",
        actor=LOCAL.called("A. Coordinator"),
        because="runs in every hospital",
        at=START,
    )
    (row,) = cases.cases(actor=LOCAL)
    assert row.priority.label == "attend"
    assert "runs in every hospital" in {fact.evidence for fact in row.priority.facts}
    kinds = [entry.kind for entry in journal.entries(f"case/{CASE}")]
    assert kinds[-2:] == ["case assessed", "case ranked"]
    with pytest.raises(UsageError, match="no input"):
        assess(CASE, name="mission", value="enormous", actor=LOCAL.called("A"), because="b", at=START)
