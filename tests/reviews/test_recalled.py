"""Consent that is taken back while a worker carries an evaluation out ends what was not begun of that case."""

from __future__ import annotations

import json
import re
import sys
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.adapters.clock import now
from clearinghouse.adapters.runs import LocalRuns
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.evaluations import Evaluations
from clearinghouse.cases import services as cases
from clearinghouse.cli.main import main
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.review.use import ReviewUse
from clearinghouse.core.visibility import LOCAL
from clearinghouse.reviews.models import Evaluation, HoldoutSuite
from tests.evaluation.endpoint import Endpoint
from tests.reviews import carried
from tests.reviews.factories import DAY, table
from tests.reviews.holdouts import FIXED, VENDOR, three
from tests.reviews.test_carried_out import opened, settings

if TYPE_CHECKING:
    from clearinghouse.bootstrap.settings import Settings

__all__ = ["settings"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.sandbox, pytest.mark.timeout(200)]


def test_tasks_of_a_case_that_was_taken_back_are_begun_no_more_and_the_others_are(
    settings: Settings, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, made = three(), table()
    made.at = now()
    case = house.of(FIXED)
    gate = threading.Event()

    def script(messages: list[dict[str, Any]]) -> Any:
        gate.wait(60)
        return carried.answers(messages)

    with Endpoint(script) as endpoint:
        key = carried.started(made, ProcessSigner(settings.key_file), settings.root / "suite", url=endpoint.url)
        suite = HoldoutSuite.objects.create(
            review=made.review, digest=carried.Suite().digest, choice="ab" * 32, at=now() - DAY, by="ada"
        )
        bundle = case.memberships.get().proof.bundle_id
        for name in ("t0", "t2", "t3"):
            suite.tasks.create(
                name=name, digest=name * 32, family=Family.FIND, bundle=bundle, case=case.key, preference=2, why="-"
            )
        evaluations = Evaluations(settings, made.vault, LocalRuns(), now, carried.COMMAND, hand_in=str)

        def begun() -> set[str]:
            return set(re.findall(r"This is the task (t\d)", json.dumps(endpoint.asked)))

        carried.look_until(evaluations, lambda: len(begun()) == 2)  # as many as are tried at a time
        cases.answer_review_use(case.public_id, ReviewUse.NO, actor=LOCAL, at=now(), party=VENDOR)
        row = Evaluation.objects.filter(key=key)
        carried.look_until(evaluations, lambda: row.get().progress["doing"] == carried.FINISHING)
        under_way = begun()
        gate.set()
        carried.look_until(evaluations, lambda: Evaluation.objects.get(key=key).state == "finished")
    done = {one.task for one in opened(made, settings, key).samples()}
    assert done == under_way | {"t1"}, "what was under way was finished, and what was not begun stays undone"
    monkeypatch.setattr(wiring, "settings", lambda: settings)
    monkeypatch.setattr(wiring, "vault", lambda: made.vault)
    for who, code in (("dev", 66), ("ada", 0)):
        words = f"review logs {key} --agent {carried.MODEL} --out {settings.root}/logs.zip --as {who}"
        monkeypatch.setattr(sys, "argv", ["clearinghouse", *words.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == code
    with zipfile.ZipFile(settings.root / "logs.zip") as logs:
        lines = logs.read("samples.jsonl").decode().splitlines()
    assert {json.loads(line)["task"] for line in lines} == done
