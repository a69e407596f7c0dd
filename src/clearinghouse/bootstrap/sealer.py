"""The worker's clock for seals: one is made when the last is old enough, and what a crash cut off is finished."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import ClearinghouseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from pathlib import Path

    from clearinghouse.core.ports import Signer

_AGAIN_SECONDS = 15.0  # how often the tables are asked for the age of the last seal, so that several workers agree

log = structlog.get_logger(__name__)


class Sealer:
    """Seals the journal every so often; with nothing for `every`, never. A failure is told and tried again later."""

    def __init__(self, signer: Signer | None, every: timedelta, folder: Path) -> None:
        from clearinghouse.journal import sealing  # noqa: PLC0415  # needs Django to be set up

        self._sealing = sealing
        self._signer = signer
        self._every = every
        self._folder = folder
        self._next = time.monotonic()
        if every:
            self._attempt(lambda: sealing.finish(signer, folder))

    def look(self, *, at_once: bool = False) -> None:
        """Make a seal if one is due and something is new; `at_once`, also before it is due."""
        if not self._every or not (at_once or time.monotonic() >= self._next):
            return
        self._next = time.monotonic() + min(_AGAIN_SECONDS, self._every.total_seconds())
        if at_once or self._sealing.is_due(self._every, wiring.clock()):
            self._attempt(self._seal)

    def _seal(self) -> None:
        for broken in wiring.seal(self._signer).broken:
            log.error("not sealed, for it was tampered with", where=str(broken))

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (ClearinghouseError, OSError) as error:
            log.error("the journal could not be sealed", error=str(error))  # noqa: TRY400  # the words say it all
