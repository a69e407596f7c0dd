"""Crash reports of sanitizers, kernels, debuggers and runtimes, read into the words by which crashes are compared."""

from __future__ import annotations

from clearinghouse.formats.crash.crash import NO_CRASH, Crash
from clearinghouse.formats.crash.parse import parse_crash

__all__ = ["NO_CRASH", "Crash", "parse_crash"]
