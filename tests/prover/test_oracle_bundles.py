"""Every oracle has its three bundles among the examples: one that is proven, one without the effect, one that cheats.

The table names them; that each comes to the verdict declared for it, the tests of the corpus show.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clearinghouse.core.manifest import CallRun
from clearinghouse.core.proof import OracleName, Verdict
from clearinghouse.prover.bundle import read_bundle

PROOFS = Path(__file__).parents[2] / "examples" / "proofs"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((PROOFS / "expected.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Three:
    """A real vulnerability; an honest bundle about a function without it; one that brings the effect about itself."""

    positive: str
    negative: str
    cheat: str


TABLE = {
    OracleName.PREDICATE: Three("cve-2022-29217-pyjwt", "hostile-does-nothing", "hostile-prints-verdict"),
    OracleName.CPU: Three("cve-2024-3651-idna", "hostile-harmless-cpu", "hostile-burns-cpu"),
    OracleName.MEMORY: Three("cve-2025-66471-urllib3", "hostile-harmless-memory", "hostile-brings-its-own-memory"),
    OracleName.SIGNAL: Three("cve-2026-42309-pillow", "hostile-harmless-signal", "hostile-kills-itself"),
    OracleName.RECURSION: Three(
        "cve-2024-4340-sqlparse", "hostile-harmless-recursion", "hostile-overflows-the-stack-itself"
    ),
    OracleName.EXCEPTION: Three(
        "cve-2025-69534-markdown", "hostile-harmless-exception", "hostile-call-that-does-not-fit"
    ),
    OracleName.WRITE: Three("cve-2024-34062-tqdm", "hostile-harmless-write", "hostile-writes-canary-itself"),
    OracleName.READ: Three("cve-2023-29159-starlette", "hostile-harmless-read", "hostile-prints-secret-itself"),
    OracleName.EXEC: Three("cve-2024-6345-setuptools", "hostile-harmless-exec", "hostile-keyed-on-dunder-version"),
    OracleName.SANITIZER: Three(
        "cve-2021-45958-ujson", "hostile-harmless-sanitizer", "hostile-prints-sanitizer-report"
    ),
    OracleName.SANITIZER: Three("cve-2021-45958-ujson", "hostile-harmless-sanitizer", "hostile-forges-sanitizer-log"),
    OracleName.POLLUTION: Three(
        "cve-2020-7598-minimist", "hostile-node-does-nothing", "hostile-foreign-node-prototype"
    ),
    OracleName.CONNECT: Three("cve-2023-43804-urllib3", "hostile-harmless-connect", "hostile-connects-itself"),
}


def test_no_oracle_is_without_its_three_bundles() -> None:
    assert set(TABLE) == set(OracleName)


@pytest.mark.parametrize("oracle", TABLE)
def test_the_three_are_about_their_oracle_and_declared_for_what_they_are(oracle: OracleName) -> None:
    three = TABLE[oracle]
    for name in (three.positive, three.negative, three.cheat):
        assert read_bundle(PROOFS / name).manifest.oracle.name is oracle, name
    assert EXPECTED[three.positive]["verdict"] == Verdict.PROVEN
    assert isinstance(read_bundle(PROOFS / three.negative).manifest.run, CallRun)
    for name in (three.negative, three.cheat):
        verdict = Verdict(EXPECTED[name]["verdict"])
        assert not verdict.supports_the_claim, name
        assert verdict is not Verdict.UNSUPPORTED, name
    # It must run to show anything; of a cheat, a refusal is an answer too.
    assert EXPECTED[three.negative]["verdict"] != Verdict.INVALID
