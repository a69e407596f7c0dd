"""Diagnostics: every logger speaks through structlog, one line an event, on stderr. Decisions go to the journal."""

from __future__ import annotations

import logging
import os
import sys

import structlog


def set_up(level: str) -> None:
    """Send what `level` and above says to stderr, in colour only on a terminal that wants it."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    colours = sys.stderr.isatty() and not _no_colour()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _one_line,
            structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _no_colour() -> bool:
    return bool(os.environ.get("NO_COLOR"))


def _one_line(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Keep an event on one bounded line; libraries print whole statements."""
    words = " ".join(str(event.get("event", "")).split())
    event["event"] = words if len(words) <= 300 else words[:297] + "..."  # noqa: PLR2004
    return event
