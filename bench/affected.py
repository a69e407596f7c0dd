"""Affected releases by execution, over many bundles, beside what published records say: one JSON line for each bundle.

    bench/affected.py BUNDLE… [--records FILE] [--lock FILE]

A line holds the whole history of `clearinghouse versions --json`, and under `compared` the releases on which a record
and the execution differ. Bundles that could not be searched say so under `failed`. Lines come one by one, so a run that
is stopped can go on with the bundles that are missing.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.cli.prove import cache_folder
from clearinghouse.cli.versions import read_records
from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.formats.osv_ranges import affected_of, compare
from clearinghouse.prover.bundle import read_bundle
from clearinghouse.prover.local import LocalProver

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def _turn(lock: Path | None) -> Iterator[None]:
    """Wait for a lock that others on the machine use too, for the time of one bundle."""
    if lock is None:
        yield
        return
    with lock.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _one(prover: LocalProver, path: Path, records: list[dict[str, Any]]) -> dict[str, Any]:
    began = time.monotonic()
    line: dict[str, Any] = {"path": path.name}
    try:
        manifest = read_bundle(path).manifest
        history = prover.versions(path)
    except ClearinghouseError as error:
        return {**line, "failed": str(error)}
    target, aliases = manifest.target, set(manifest.claim.aliases)
    about = [
        record
        for record in records
        if aliases & {str(record.get("id")), *map(str, record.get("aliases") or ())}
        and affected_of(record, target.ecosystem, target.name)
    ]
    tried = {item.version: str(item.answer) for item in history.tried}
    line |= history.as_json()
    line["aliases"] = sorted(aliases)
    line["records"] = {
        str(r["id"]): [a.get("ranges") for a in affected_of(r, target.ecosystem, target.name)] for r in about
    }
    line["compared"] = compare(about, tried, target.ecosystem, target.name)
    line["seconds"] = round(time.monotonic() - began, 1)
    return line


def main() -> None:
    """Search the releases of every bundle given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", nargs="+", type=Path)
    parser.add_argument("--records", type=Path, metavar="FILE", help="OSV records, .json, .jsonl or .jsonl.zst")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="hold this lock for each bundle")
    asked = parser.parse_args()
    records = list(read_records(asked.records)) if asked.records else []
    cache = cache_folder()
    prover = LocalProver(cache, cache / "run")
    for path in asked.bundles:
        with _turn(asked.lock):
            line = _one(prover, path, records)
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
