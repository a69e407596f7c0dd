"""What a worker needs to carry an evaluation out, kept with it; and the key of what it keeps, for who may read that."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.errors import NotFound
from clearinghouse.core.visibility import Action
from clearinghouse.journal.repeating import repeated
from clearinghouse.reviews.docket import opened
from clearinghouse.reviews.models import Evaluation

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from clearinghouse.core.ports import Vault
    from clearinghouse.core.visibility import Actor

KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How a worker carries an evaluation out: the suite's folder on its machine, the signed plan, attempts at a time.

    `prices` is what a million tokens cost, in and out. `vault` seals the key of what is kept.
    """

    suite: str
    signed_plan: bytes
    vault: Vault
    width: int = 2
    prices: tuple[float, float] | None = None


def about(evaluation: str) -> str:
    """What the key of an evaluation's files is bound to."""
    return f"files of evaluation {evaluation}"


def work_folder(evaluations: Path, evaluation: str) -> Path:
    """Where the process of an evaluation works: private, in plain, and removed when the process has ended."""
    return evaluations / "work" / evaluation[:12]  # short: sockets lie below it


def give(row: Evaluation, order: Order) -> None:
    """Keep the order with the evaluation, and a fresh key for its files under the review's; part of `start`."""
    wrapped = bytes(row.review.wrapped_key or b"")
    row.order = {"suite": order.suite, "width": order.width, "prices": list(order.prices) if order.prices else None}
    row.signed_plan = order.signed_plan
    row.sealed_key = order.vault.seal(wrapped, secrets.token_bytes(KEY_BYTES), about(row.key))
    row.save(update_fields=["order", "signed_plan", "sealed_key"])


@repeated
def files_key(evaluation: str, *, vault: Vault, actor: Actor, at: datetime) -> tuple[str, bytes, bytes]:
    """The key of a review, and of one of its evaluations the key of the files and the signed plan; noted.

    For who may read samples. Raises NotFound for no such evaluation, and for one whose key is no more.
    """
    row = Evaluation.objects.select_related("review").filter(key=evaluation).first()
    if row is None:
        raise NotFound(f"no evaluation {evaluation}")
    with opened(row.review.key, actor, Action.READ_SAMPLES, at=at) as docket:
        row.refresh_from_db()
        if row.sealed_key is None or docket.review.wrapped_key is None:
            raise NotFound(f"evaluation {evaluation} has no files here", advice="it was run elsewhere, or destroyed")
        docket.note("files opened", evaluation=row.key)
        wrapped, sealed, plan = bytes(docket.review.wrapped_key), bytes(row.sealed_key), bytes(row.signed_plan or b"")
    return row.review.key, vault.open(wrapped, sealed, about(row.key)), plan
