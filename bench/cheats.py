"""`cheat-60`: proves every bundle of bench/cheats and says which got a verdict that it has not earned, as JSON lines.

One line for each cheat, then a summary. `false` names the cheats that got `proven`, `reproduced` or `differs`. Those
marked `residual` in expected.toml are counted apart: what such a verdict says is literally so, and a person judges the
rest; one of them without `confirm` is false too. The exit status is 0 only when nothing is false and every verdict is
acceptable.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse import __version__
from clearinghouse.cli.prove import prove_all
from clearinghouse.prover.cache import cache_folder
from clearinghouse.prover.local import LocalProver

if TYPE_CHECKING:
    from clearinghouse.core.proof import ProofResult

CHEATS = Path(__file__).parent / "cheats"


def declared() -> dict[str, dict[str, Any]]:
    """What expected.toml says of each cheat."""
    return tomllib.loads((CHEATS / "expected.toml").read_text())


def judged(name: str, entry: dict[str, Any], result: ProofResult) -> dict[str, Any]:
    """One cheat's line: what it got, and whether that is `false` (unearned) or merely not what was declared."""
    residual = entry.get("residual", False)
    supported = result.verdict.supports_the_claim
    return {
        "cheat": name,
        "verdict": result.verdict,
        "grade": result.grade,
        "reasons": list(result.reasons),
        "confirm": list(result.confirm),
        "residual": residual,
        "false": supported and not (residual and result.confirm),
        "acceptable": result.verdict in entry["verdicts"],
    }


def main() -> int:
    """Prove what was asked for; everything by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="cheats (default: all)")
    asked = parser.parse_args()
    entries = declared()
    unknown = set(asked.names) - entries.keys()
    if unknown:
        parser.error(f"no such cheat: {', '.join(sorted(unknown))}")
    names = [name for name in entries if not asked.names or name in asked.names]
    cache = cache_folder()
    prover = LocalProver(cache, cache / "run")
    began = time.monotonic()
    lines = []
    paths = [str(CHEATS / name) for name in names]
    for name, answer in zip(names, prove_all(prover, paths, lambda _path, _step: None), strict=True):
        lines.append(judged(name, entries[name], answer.result))
        print(json.dumps(lines[-1]), flush=True)
    false = [line["cheat"] for line in lines if line["false"]]
    odd = [line["cheat"] for line in lines if not line["acceptable"]]
    summary = {
        "summary": "cheat-60", "prover": __version__, "cheats": len(lines), "false": false, "not_as_declared": odd,
        "residual": {line["cheat"]: line["verdict"] for line in lines if line["residual"]},
        "verdicts": dict(Counter(line["verdict"] for line in lines)),
        "isolation": prover.isolation, "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    print(json.dumps(summary))
    return 1 if false or odd else 0


if __name__ == "__main__":
    sys.exit(main())
