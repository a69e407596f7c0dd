"""A task of a suite: what everybody may know of it, what an agent gets, how an answer is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.evaluation.suites.offers import offer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.core.review.tasks import TaskInfo
    from clearinghouse.evaluation.interface import Judgement, Offer
    from clearinghouse.evaluation.judging.judge import Judge
    from clearinghouse.evaluation.suites.material import Material
    from clearinghouse.prover.local import LocalProver


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTask:
    """A task made from a bundle."""

    info: TaskInfo
    material: Material
    prover: Callable[[], LocalProver]
    judging: Judge

    def offer(self, epoch: int) -> Offer:
        """What an agent gets: in each epoch another canary to try with. Raises Unavailable without the target."""
        del epoch  # a canary is drawn at each offer, and another in each run that judges
        return offer_of(self.material, self.info.family, self.info.level, self.prover())

    def judge(self, artifact: bytes | None) -> Judgement:
        """Judge an answer alone, in fresh sandboxes on pristine builds."""
        return self.judging.judge(self.material, self.info.family, artifact)

    def known_answer(self, epoch: int) -> bytes | None:
        """The answer that the bundle itself is, the same in each epoch: its canaries are filled in by the judge."""
        del epoch
        return self.material.proof_answer(self.info.family)

    def benign_answer(self) -> bytes:
        """An answer in good form that shows nothing; b"" where there is none."""
        return self.material.benign_answer(self.info.family)
