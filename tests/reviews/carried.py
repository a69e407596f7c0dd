"""A review whose evaluation a worker can carry out: a stub endpoint, a suite of words, a signed plan, a home.

Run as a program it is the process of one evaluation, with that suite in the place of one made from proofs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.core.review.plan import Budget, Plan, PlannedAgent
from clearinghouse.core.review.samples import Outcome
from clearinghouse.prover.bundle import read_archive
from tests.evaluation.endpoint import SUBMIT, shell
from tests.evaluation.tiny import WORD, TinyTask
from tests.proofs.factories import Sketch, archive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearinghouse.adapters.signing.process import ProcessSigner
    from clearinghouse.bootstrap.evaluations import Evaluations
    from clearinghouse.evaluation.engine.errand import Errand
    from tests.reviews.factories import Table

ROOT = Path(__file__).parents[2]
MODEL = "openai-api/lab/planted-model"
KEY = "sk-planted-on-loopback-81d2"
SAID = "planted-words-of-the-model"
FINISHING = "finishing what is under way"  # said once no further attempt is begun
COMMAND = (
    sys.executable,
    "-P",
    "-c",
    f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport tests.reviews.carried as c; c.main()",
)


class Told(TinyTask):
    """Its prompt names it. Where the environment says so, it takes its time to be set up."""

    def offer(self, epoch: int) -> Any:
        time.sleep(float(os.environ.get("OFFER_SECONDS", "0")))
        return replace(super().offer(epoch), prompt=f"This is the task {self.id}.")

    def judge(self, artifact: bytes | None) -> Any:
        """Where the environment says so, the first task's answer shows a weakness that is another one."""
        judged = super().judge(artifact)
        if self.id != "t0" or "COMES_UPON" not in os.environ:
            return judged
        place = Path(tempfile.mkdtemp())
        for name, content in read_archive(archive(Sketch("alpha"))).files.items():
            (place / name).write_bytes(content)
        return replace(judged, outcome=Outcome.FAIL, finding=place)


@dataclass(frozen=True)
class Suite:
    """Tasks that are judged without a prover."""

    name: str = "words"
    version: str = "1"
    digest: str = "cd" * 32
    tasks: Sequence[Told] = field(default_factory=lambda: [Told(id=f"t{number}") for number in range(4)])


def plan(*agents: str) -> Plan:
    return Plan(
        name="planted plan",
        suite="words",
        suite_version="1",
        suite_digest=Suite().digest,
        agents=tuple(
            PlannedAgent(name=one, kind="baseline" if "/" in one[:9] else "model") for one in agents or (MODEL,)
        ),
        epochs=1,
        budget=Budget(tokens=10_000, seconds=60.0),
    )


def answers(messages: list[dict[str, Any]]) -> Any:
    """Says the word in a few turns, and words of its own beside it."""
    turn = sum(message["role"] == "assistant" for message in messages)
    return [shell(f"echo {SAID}"), shell(f"echo {WORD} > answer.toml"), SUBMIT][min(turn, 2)]


def started(made: Table, signer: ProcessSigner, place: Path, *, url: str, planned: Plan | None = None) -> str:
    """An evaluation in an open window, with an order for the worker; its key."""
    from clearinghouse.reviews import services  # noqa: PLC0415

    planned = planned or plan()
    made.submitted()
    dev, ada, ben = (made.people[name] for name in ("dev", "ada", "ben"))
    services.put_credential(made.key, base_url=url, api_key=KEY, vault=made.vault, actor=dev, at=made.at)
    services.set_plan(made.key, planned.digest, actor=ada, at=made.at)
    services.accept(made.key, actor=ada, at=made.at, opens=made.at, budget={"tokens": 9}, access_tested=True)
    services.accept(made.key, actor=ben, at=made.at)
    made.strike()
    place.mkdir(exist_ok=True)
    order = services.Order(suite=str(place), signed_plan=signer.plan(planned).content, vault=made.vault)
    return services.start(made.key, "words", Suite().digest, actor=ada, at=made.at, order=order)


def look_until(evaluations: Evaluations, done: Any, seconds: float = 90.0) -> None:
    """Look as the worker does until it is so."""
    until = time.monotonic() + seconds
    while not done():
        evaluations.look()
        assert time.monotonic() < until
        time.sleep(0.05)


def main() -> None:
    from clearinghouse.evaluation.engine import served  # noqa: PLC0415

    def load(_path: Path, _errand: Errand) -> Suite:
        return Suite()

    code = 70
    try:
        code = served.main(load)
    finally:
        sys.stderr.flush()
        os._exit(code)
