"""The evaluation folder keeps every line once, and survives a crash in the middle of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import Conflict, IntegrityError, InvalidInput, NotFound
from clearinghouse.core.review.samples import Outcome, Sample
from clearinghouse.core.review.tasks import Family, TaskInfo
from clearinghouse.evaluation.store import Agent, Attempt, Budget, Evaluation, Folder, Kind

if TYPE_CHECKING:
    from pathlib import Path

TASK = TaskInfo(id="one", digest="0" * 64, family=Family.FIND, level=0, project="pkg:pypi/one")
EVALUATION = Evaluation(
    suite="tiny",
    suite_version="1",
    suite_digest="1" * 64,
    agents=(Agent(name="baseline/oracle", kind=Kind.BASELINE),),
    epochs=2,
    budget=Budget(tokens=1000),
    tasks=(TASK,),
)


def sample(epoch: int = 1) -> Sample:
    return Sample(
        agent="baseline/oracle", task="one", task_digest=TASK.digest, epoch=epoch, outcome=Outcome.PASS, reasons=("é",)
    )


def test_what_is_written_is_read_again_and_says_what_is_missing(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "out", EVALUATION)
    attempt = Attempt(agent="baseline/oracle", task="one", epoch=1, artifact=folder.put_artifact(b"[]"))
    with folder.writing():
        folder.add_attempt(attempt)
        folder.add_sample(sample())
    again = Folder.open(tmp_path / "out")
    assert again.evaluation == EVALUATION
    assert again.attempts() == (attempt,)
    assert again.samples() == (sample(),)
    assert again.missing() == (("baseline/oracle", "one", 2),)
    assert again.artifact(attempt.artifact or "") == b"[]"


def test_a_line_stands_once(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "out", EVALUATION)
    with folder.writing():
        folder.add_sample(sample())
        with pytest.raises(Conflict):
            folder.add_sample(sample())
    place = tmp_path / "out" / "samples.jsonl"
    place.write_bytes(place.read_bytes() * 2)
    with pytest.raises(IntegrityError, match=r"line 2.*twice"):
        folder.samples()


def test_a_torn_line_is_no_line_and_is_cut_off_by_the_next_writer(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "out", EVALUATION)
    with folder.writing():
        folder.add_sample(sample())
        folder.add_sample(sample(2))
    place = tmp_path / "out" / "samples.jsonl"
    whole = place.read_bytes()
    for cut in range(len(whole) // 2 + 1, len(whole)):
        place.write_bytes(whole[:cut])
        assert folder.samples() == (sample(),)
        with folder.writing():
            folder.add_sample(sample(2))
        assert place.read_bytes() == whole
    place.write_bytes(b"{}\n" + whole)
    with pytest.raises(IntegrityError, match=r"samples.jsonl, line 1"):
        folder.samples()


def test_a_folder_holds_one_evaluation_and_one_writer(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "out", EVALUATION)
    with folder.writing(), pytest.raises(Conflict, match="another run"), folder.writing():
        pass
    with pytest.raises(Conflict, match="another evaluation"):
        Folder.create(tmp_path / "out", replace(EVALUATION, epochs=3))
    more = Agent(name="baseline/nothing", kind=Kind.BASELINE)
    joined = Folder.create(tmp_path / "out", replace(EVALUATION, agents=(more,)))
    assert joined.evaluation.agents == (*EVALUATION.agents, more)
    planned = replace(EVALUATION, plan="2" * 64)
    Folder.create(tmp_path / "planned", planned)
    with pytest.raises(Conflict):
        Folder.create(tmp_path / "planned", replace(planned, agents=(more,)))
    with pytest.raises(Conflict, match="not empty"):
        Folder.create(tmp_path, EVALUATION)


def test_what_is_no_evaluation_folder_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Folder.open(tmp_path)
    (tmp_path / "evaluation.json").write_text('{"suite": 1}')
    with pytest.raises(InvalidInput, match="suite"):
        Folder.open(tmp_path)


def test_an_artifact_that_was_changed_is_refused(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "out", EVALUATION)
    digest = folder.put_artifact(b"as it came")
    (tmp_path / "out" / "artifacts" / digest).write_bytes(b"otherwise")
    with pytest.raises(IntegrityError, match="another content"):
        folder.artifact(digest)
