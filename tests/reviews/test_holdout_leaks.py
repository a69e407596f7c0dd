"""Words planted in a case under embargo reach no developer whose model was given a task of it, by whatever door.

The model's endpoint sees the task: that is what the case let it be used for. Nothing else of the developer's does.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client

from clearinghouse.adapters.clock import now
from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.cli import review_report
from clearinghouse.cli.main import main
from clearinghouse.core.review.plan import Budget, Plan, PlannedAgent, PlannedComparison, SignedPlan
from clearinghouse.evaluation.suites import load
from clearinghouse.registry.models import Person
from clearinghouse.reviews import services
from clearinghouse.reviews.models import Burn, Evaluation
from clearinghouse.web.viewer import LOCAL
from tests.api.factories import Program, token
from tests.evaluation.conftest import prover_sandbox, prover_state, runtime
from tests.evaluation.worlds import HandMadeProver
from tests.reviews.factories import BUDGET, Table, table
from tests.reviews.holdouts import submitted
from tests.reviews.planted import MODEL, WORDS, Renamed, house, public_suite, run
from tests.security import matrix

if TYPE_CHECKING:
    from clearinghouse.cases.models import Case
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.targets import HandMade

__all__ = ["prover_sandbox", "prover_state", "runtime"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.sandbox, pytest.mark.usefixtures("socket_enabled")]
OUTSIDE = ("dev", "agency", "other")
Texts = Iterator[tuple[str, str]]
Shell = Callable[..., str]


@dataclass
class World:
    """The review at its table and the case of which it has tasks; `said` is what a run says as it goes."""

    table: Table
    case: Case
    home: Path
    shell: Shell
    signer: ProcessSigner
    evaluation: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def words(self) -> dict[str, str]:
        """What was planted, and the names that the case has of its own."""
        proof = self.case.memberships.get().proof
        own = {"key": self.case.key, "number": self.case.public_id, "bundle": proof.bundle_id}
        return WORDS | {name: word.casefold() for name, word in own.items()} | {"short": proof.bundle_id[:12]}

    def found(self, texts: Texts) -> set[tuple[str, str]]:
        """Which words stand where."""
        return {(where, name) for where, text in texts for name, word in self.words.items() if word in text.casefold()}

    def person(self, name: str) -> Person:
        return Person.objects.get(party__key=self.table.people[name].person)

    def filled(self, path: str) -> str:
        """The path with the review's key, its evaluation's, and the case's wherever one may be guessed."""
        proof = self.case.memberships.get().proof
        own = {"case": self.case.key, "case_id": self.case.key, "bundle": proof.bundle_id, "review": self.table.key}
        values = {**matrix.ANY, **matrix.NONESUCH, **own, "bundle_id": proof.bundle_id, "evaluation": self.evaluation}
        return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], self.table.key), path)

    def answers(self, name: str) -> Texts:
        """Every page and every operation that reads, and what the commands say on both streams."""
        program, browser = Program(token(self.person(name).party)), self.browser(name)
        for row in matrix.rows("operations"):
            if row.method == "GET":
                answer = program.get(self.filled(row.path))
                yield f"{name} {row.call}", f"{answer.content.decode()} {answer.headers}"
        for row in matrix.rows("pages"):
            answer = browser.get(self.filled(row.path))
            yield f"{name} page {row.path}", f"{answer.content.decode()} {answer.headers}"
        for words in (
            "show {}",
            "show {} --json",
            "holdout show {}",
            "holdout build {}",
            "status {}",
            "list",
            "list --json",
        ):
            yield f"{name} {words}", self.shell(f"review {words.format(self.table.key)} --as {name}")

    def browser(self, name: str) -> Client:
        made = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7", **{LOCAL: False})
        made.force_login(self.person(name))
        request = HttpRequest()
        request.session = made.session
        record_authentication(request, self.person(name), "mfa", type="totp")
        request.session.save()
        return made


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    """Run a command in a home of its own; everything it said on both streams."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(wiring, "settings", lambda: Settings(home=tmp_path / "home"))

    def _run(words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["clearinghouse", *words.split()])
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        with pytest.raises(SystemExit):
            main()
        return "".join(capsys.readouterr())

    return _run


@pytest.fixture
def prover(tmp_path: Path, prover_sandbox: BubblewrapSandbox, runtime: HandMade) -> HandMadeProver:
    return HandMadeProver(tmp_path, prover_sandbox, Renamed(runtime.cache, runtime.interpreter))


@pytest.fixture
def world(
    tmp_path: Path,
    prover: HandMadeProver,
    shell: Shell,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A review whose evaluation ran: the oracle and the developer's model tried two holdout tasks and a public one."""
    caplog.set_level(logging.DEBUG)
    cases, case = house()
    del cases
    made = table()
    made.at = now()
    submitted(made)
    home = tmp_path / "home"
    keys.make(home / "keys" / "signing.key")
    found = World(made, case, home, shell, ProcessSigner(home / "keys" / "signing.key"))
    monkeypatch.setattr(load, "own_prover", lambda: prover)
    public_suite(tmp_path, prover)
    ada, ben, eve = (made.people[name] for name in ("ada", "ben", "eve"))
    options = f"--with {tmp_path}/open --family reproduce --family find --fix-seconds 0 --json"
    private = json.loads(shell(f"review holdout build {made.key} --as ada {options}"))
    suite = load.load_suite(Path(private["folder"]), prover=lambda: prover)
    assert (suite.digest, private["holdout"], private["tasks"]) == (private["digest"], 2, 3)
    assert Path(private["folder"]).stat().st_mode & 0o077 == 0
    plan = _planned(home, suite.digest)
    services.set_plan(made.key, plan.digest, actor=ada, at=now())
    services.accept(made.key, actor=ada, at=now(), opens=now(), budget=BUDGET, access_tested=True)
    services.accept(made.key, actor=ben, at=now())
    services.strike(at=now())
    found.evaluation = services.start(made.key, suite.name, suite.digest, actor=eve, at=now(), holdout=True)
    asked = run(home / "evaluations" / found.evaluation, suite, plan.digest, found.said, tmp_path / "state")
    assert Burn.objects.count() == 2
    loud = {"done": 6, "total": 6, "doing": f"setting up {WORDS['package']}", "trouble": WORDS["title"], "outcomes": {}}
    Evaluation.objects.update(progress=loud)  # as a worker may write it
    assert any(WORDS["package"] in str(one) for one in asked), "the model was given the task"
    return found


def _planned(home: Path, digest: str) -> Plan:
    plan = Plan(
        name="A review", suite="review", suite_version="1", suite_digest=digest, epochs=1, budget=Budget(seconds=60.0),
        agents=(PlannedAgent(name="baseline/oracle", kind="baseline"), PlannedAgent(name=MODEL, kind="model")),
        comparisons=(PlannedComparison(first=MODEL, second="baseline/oracle"),),
    )  # fmt: skip
    signed = SignedPlan(plan, f"{now() - timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}")
    (home / "plan.json").write_bytes(envelope.sign(signed, keys.load_private(home / "keys" / "signing.key")))
    return plan


def reported(world: World) -> Texts:
    """The report in all its files, whole and redacted, and the logs that the developer is handed."""
    folder, key = world.home / "evaluations" / world.evaluation, world.home / "keys" / "signing.key"
    review_report.make(folder, world.home / "plan.json", world.home / "report", key=key)
    world.said.append(world.shell(f"review redact {world.home}/report --names --all --out {world.home}/less"))
    private = world.home / "evaluations" / f"suite-{world.table.key}"
    world.said.append(world.shell(f"review run {private} --out {world.home}/more --model {MODEL}"))
    assert "which spends them" in world.said[-1]
    world.said.append(world.shell(f"review verify {world.home}/report"))
    world.said.append(world.shell(f"review logs {folder} --agent {MODEL} --out {world.home}/logs.zip"))
    for place in (world.home / "report", world.home / "less"):
        for file in sorted(place.iterdir()):
            yield f"{place.name}/{file.name}", file.read_text()
    with zipfile.ZipFile(world.home / "logs.zip") as logs:
        for name in logs.namelist():
            yield f"logs.zip/{name}", name + logs.read(name).decode()


def inside(world: World) -> Texts:
    """What the lead has on disk and is shown, and what a coordinator reads."""
    for file in sorted((world.home / "evaluations").rglob("*")):
        if file.is_file():
            yield "folder", f"{file} {file.read_bytes().decode('utf-8', 'replace')}"
    yield "lead", world.shell(f"review holdout show {world.table.key} --as ada")
    program = Program(token(world.person("coordinator").party))
    for part in ("", "/messages", "/participants", "/verdicts", "/journal"):
        yield "coordinator", program.get(f"/cases/{world.case.key}{part}").content.decode()


def test_no_word_of_a_holdout_task_reaches_the_developer_an_observer_or_a_report(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    ada, ben, dev = (world.table.people[name] for name in ("ada", "ben", "dev"))
    key = world.table.key
    texts = [(f"running: {where}", text) for name in OUTSIDE for where, text in world.answers(name)]
    services.close(key, actor=ada, at=now())
    files = list(reported(world))
    report = (world.home / "report" / review_report.FILE).read_bytes()
    digest = services.draft(key, report, actor=ada, at=now())
    services.share(key, actor=ada, at=now())
    texts += [(f"shared: {where}", text) for where, text in world.answers("dev")]
    services.comment(key, "We see it so.", actor=dev, at=now())
    for one in (ada, ben):
        services.finalise(key, report=digest, actor=one, at=now())
    services.effect(at=now(), runs=wiring.runs(), folder=world.home / "evaluations", signer=world.signer)
    statement = bytes(world.table.review.statement or b"").decode()
    texts += [(f"final: {where}", text) for name in OUTSIDE for where, text in world.answers(name)]
    texts += [*files, ("statement", statement), ("said", "\n".join(world.said))]
    texts += [("diagnostics", record.getMessage()) for record in caplog.records if record.name != "django.request"]
    assert world.found(iter(texts)) == set()

    seen = {name for _, name in world.found(inside(world))}
    assert seen == set(world.words), "the search finds each word where it may stand"
    everything = "\n".join(text for _, text in texts)
    assert key in everything
    assert digest in everything
    assert "holdout-1" in everything
    assert "reproduce-1-fake" in everything, "public tasks are named, and their logs handed out"
