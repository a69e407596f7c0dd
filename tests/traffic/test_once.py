from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from clearinghouse.registry.models import Party
from clearinghouse.traffic.errors import InProgress, KeyReused
from clearinghouse.traffic.models import Call, Window
from clearinghouse.traffic.services import ABANDONED, KEPT, Answer, allow, once
from tests import databases
from tests.intake.factories import Ticking

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db


def effect(name: str = "one") -> Answer:
    """Something that shows in the tables how often it was done."""
    Party.objects.create(
        name=f"{name} {Party.objects.count()}", handle=f"{name}-{Party.objects.count()}", known_since=Ticking()()
    )
    return Answer(201, f"made {name}", {"Location": "/x"})


def test_the_second_attempt_gets_the_first_answer() -> None:
    clock = Ticking()
    first = once("lab", "key", "request", effect, clock=clock)
    second = once("lab", "key", "request", effect, clock=clock)
    assert first == (Answer(201, "made one", {"Location": "/x"}), False)
    assert second == (first[0], True)
    assert Party.objects.count() == 1


def test_another_request_under_the_key_is_refused_and_another_owner_has_keys_of_its_own() -> None:
    clock = Ticking()
    once("lab", "key", "request", effect, clock=clock)
    with pytest.raises(KeyReused):
        once("lab", "key", "other", effect, clock=clock)
    assert once("other lab", "key", "other", effect, clock=clock)[1] is False
    assert Party.objects.count() == 2


def test_a_failed_attempt_leaves_nothing() -> None:
    def fail() -> Answer:
        effect()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        once("lab", "key", "request", fail, clock=Ticking())
    assert not Party.objects.exists()
    assert not Call.objects.exists()


def test_while_the_first_attempt_runs_others_are_told_to_wait() -> None:
    clock = Ticking()

    def and_again() -> Answer:
        with pytest.raises(InProgress) as refused:
            once("lab", "key", "request", effect, clock=clock)
        assert 0 < refused.value.retry_after <= ABANDONED.total_seconds()
        return effect()

    assert once("lab", "key", "request", and_again, clock=clock)[0].status == 201
    assert Party.objects.count() == 1


def test_an_attempt_that_was_taken_over_has_no_effect() -> None:
    clock = Ticking()

    def overtaken() -> Answer:
        clock.at += ABANDONED
        once("lab", "key", "request", lambda: effect("two"), clock=clock)
        return effect("one")

    with pytest.raises(InProgress):
        once("lab", "key", "request", overtaken, clock=clock)
    assert not Party.objects.filter(handle__startswith="one").exists()


def test_after_a_day_the_key_is_forgotten() -> None:
    clock = Ticking()
    once("lab", "key", "request", effect, clock=clock)
    clock.at += KEPT
    assert once("lab", "key", "other", effect, clock=clock)[1] is False
    assert Call.objects.count() == 1


def test_requests_are_counted_by_client_and_window_and_old_windows_are_forgotten() -> None:
    at = Ticking()().replace(second=0, microsecond=0)
    counted = [allow("a", limit=2, window=60, at=at + timedelta(seconds=n)) for n in range(3)]
    assert [(found.remaining, found.reset, found.allowed) for found in counted] == [
        (1, 60, True),
        (0, 59, True),
        (0, 58, False),
    ]
    assert allow("b", limit=2, window=60, at=at).allowed
    assert allow("a", limit=2, window=60, at=at + timedelta(seconds=60)).remaining == 1
    allow("c", limit=2, window=60, at=at + timedelta(hours=2))
    assert Window.objects.count() == 1


CHILD = """
import os, signal, sys, time
from clearinghouse.bootstrap import wiring
wiring.ready()
from datetime import timedelta
from clearinghouse.registry.models import Party
from clearinghouse.traffic.services import Answer, once
from clearinghouse.traffic.errors import InProgress
from clearinghouse.traffic.models import Call

def effect():
    Party.objects.create(name="one", handle="one", known_since=wiring.clock())
    if sys.argv[1] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return Answer(201, "made")

late = timedelta(seconds=61 if sys.argv[1] == "late" else 0)
if sys.argv[1] == "make":  # only the tables
    sys.exit()
if sys.argv[1] == "race":
    time.sleep(-time.time() % 1)  # both begin with a second
    try:
        answer, replayed = once("lab", "key", "request", effect, clock=wiring.clock)
        print(answer.status, replayed)
    except InProgress:
        print("in progress")
    sys.exit()
print(Party.objects.count(), Call.objects.filter(status=None).count())
answer, replayed = once("lab", "key", "request", effect, clock=lambda: wiring.clock() + late)
print(answer.status, replayed, Party.objects.count(), Call.objects.filter(status=201).count())
"""


def child(home: Path, how: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, how]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=databases.environment(home), text=True, **pipes)  # type: ignore[call-overload]


def test_a_process_killed_between_effect_and_answer_has_done_neither(tmp_path: Path) -> None:
    with databases.made(tmp_path) as home:
        killed = child(home, "die")
        assert killed.wait(60) == -signal.SIGKILL, killed.communicate()
        killed.communicate()
        assert child(home, "late").communicate(timeout=60)[0].split("\n")[:2] == ["0 1", "201 False 1 1"]


def test_two_processes_with_the_same_request_have_one_effect(tmp_path: Path) -> None:
    with databases.made(tmp_path) as home:
        first = child(home, "make")
        assert first.wait(60) == 0, first.communicate()
        first.communicate()
        both = [child(home, "race") for _ in range(2)]
        said = [one.communicate(timeout=60) for one in both]
    answers = sorted(line for out, _ in said for line in out.split("\n")[-2:] if line)
    assert answers[0] == "201 False", said
    assert answers[1] in {"201 True", "in progress"}, said
