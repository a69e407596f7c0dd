"""Agents that need no model: a fuzzer to compare with, and scripted ones that show what the judge lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.evaluation.agents.fuzzer import fuzzer
from clearinghouse.evaluation.agents.scripted import SCRIPTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.evaluation.agents.bench import Baseline

BASELINES: Mapping[str, Baseline] = {"fuzzer": fuzzer, **SCRIPTED}
