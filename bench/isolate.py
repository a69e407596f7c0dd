"""The smallest fix of each real vulnerability in `examples/proofs`, as JSON lines: docs/explanation/smallest-fixes.md.

One line a bundle, then one with the median. Each bundle is isolated by itself, nothing is taken from an earlier run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.cli.prove import cache_folder
from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.core.proof import Verdict
from clearinghouse.prover.isolate.lead import Progress
from clearinghouse.prover.isolate.search import Budget
from clearinghouse.prover.local import LocalProver

if TYPE_CHECKING:
    from clearinghouse.core.fix import SmallestFix

CORPUS = Path(__file__).parents[1] / "examples" / "proofs"
PROTOCOL = (
    "LocalProver.isolate_path on each bundle of examples/proofs whose declared verdict supports its claim, one after "
    "the other, two candidates at a time; `hunks` are those of the target's own text files that differ between the "
    "two releases, without metadata and version names; `share` is kept / hunks; `runs` are all sandboxed runs, those "
    "of the verification included; `seconds` is wall time with the releases installed; a fix counts when it was proved "
    "with the full statistics in place of the fixed release"
)


def say(**fields: Any) -> None:
    """One line."""
    print(json.dumps(fields), flush=True)


def bundles() -> list[str]:
    """The corpus's real vulnerabilities, by name."""
    declared = tomllib.loads((CORPUS / "expected.toml").read_text())
    real = [name for name, expected in declared.items() if Verdict(expected["verdict"]).supports_the_claim]
    return sorted(name for name in real if name.startswith("cve-"))


def line(name: str, found: SmallestFix) -> dict[str, Any]:
    """What the table shows of one isolation."""
    verified = found.verification
    return {
        "bundle": name,
        "package": found.target.package,
        "vulnerable": found.target.vulnerable,
        "fixed": found.target.fixed,
        "status": found.status.value,
        "reason": found.reason,
        "files": found.files,
        "hunks": found.hunks,
        "noise": found.noise,
        "binary": len(found.binary),
        "kept": len(found.kept),
        "kept_files": sorted({hunk.path for hunk in found.kept}),
        "lines": sum(hunk.removed + hunk.added for hunk in found.kept),
        "share": found.share,
        "verdict": verified.verdict.value if verified else None,
        "without_each": [hunk.without for hunk in found.kept],
        "functions": list(found.functions),
        "candidates": len(found.candidates),
        "runs": found.runs,
        "seconds": found.seconds,
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    """Isolate what was asked for; every real vulnerability by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="bundles of examples/proofs (default: every real vulnerability)")
    parser.add_argument("--budget", type=float, default=600, metavar="SECONDS", help="of each search (default: 600)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep each patch and record below DIR")
    asked = parser.parse_args()
    names = asked.names or bundles()
    unknown = sorted(set(names) - set(bundles()))
    if unknown:
        parser.error(f"no such bundle: {', '.join(unknown)}")
    cache = cache_folder()
    prover = LocalProver(cache, cache / "run")
    shares, cost = [], []
    for name in names:
        try:
            found = prover.isolate_path(CORPUS / name, Budget(asked.budget), Progress())
        except ClearinghouseError as error:
            sys.exit(f"{name}: {error}")
        if asked.out is not None:
            folder = asked.out / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "fix.json").write_text(json.dumps(found.as_json(), indent=2) + "\n")
            (folder / "fix.patch").write_bytes(found.patch)
        say(**line(name, found))
        if found.share is not None:
            shares.append(found.share)
            cost.append((found.runs, found.seconds))
    say(
        figure="median share of hunks kept",
        value=statistics.median(shares) if shares else None,
        isolated=len(shares),
        bundles=len(names),
        median_runs=statistics.median(runs for runs, _ in cost) if cost else None,
        median_seconds=statistics.median(seconds for _, seconds in cost) if cost else None,
        cpus=os.cpu_count(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        isolation=prover.isolation,
        protocol=PROTOCOL,
    )


if __name__ == "__main__":
    main()
