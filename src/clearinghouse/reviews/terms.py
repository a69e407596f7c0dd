"""The terms under which models are reviewed: the text as it is now, by its digest; every text accepted is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.reviews.models import TermsText

if TYPE_CHECKING:
    from datetime import datetime

_TEXT = Path(__file__).with_name("terms.txt")


@dataclass(frozen=True, slots=True)
class Terms:
    """A text and the SHA-256, in hexadecimal, of its UTF-8 bytes."""

    text: str
    digest: str


@cache
def terms_now() -> Terms:
    """The terms that a submission accepts today."""
    text = _TEXT.read_text(encoding="utf-8")
    return Terms(text, sha256(text.encode()).hexdigest())


def store(*, at: datetime) -> TermsText:
    """The row of today's terms; within a transaction."""
    now = terms_now()
    row, _ = TermsText.objects.get_or_create(digest=now.digest, defaults={"text": now.text, "stored_at": at})
    return row
