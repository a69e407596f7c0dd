"""Figures of the crash parser, as JSON lines: agreement with published traces, traces per second, one long line.

The traces are read from `--traces`, JSON lines (zstd or plain) with `raw` and what their authors expect; those that
need an environment of their own are left out of the agreement. Without the file only the long lines are measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from figures import ROOT, load, machine, say

from clearinghouse.formats.crash import parse_crash

TRACES = ROOT.parent / "shared" / "data" / "crash-traces.jsonl.zst"
FIELDS = ("crash_type", "crash_address", "crash_state")


def main() -> int:
    """Measure what was asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--traces", type=Path, default=TRACES, help="published traces with their expected answers")
    options.add_argument("--rounds", type=int, default=9, help="medians are of this many rounds")
    asked = options.parse_args()
    if asked.traces.exists():
        traces = _read(asked.traces)
        _agreement(traces)
        _rate(traces, asked.rounds)
    else:
        print(f"no traces at {asked.traces}", file=sys.stderr)
    _long_lines(asked.rounds)
    return 0


def _read(file: Path) -> list[dict[str, Any]]:
    """The traces of a file."""
    if file.suffix == ".zst":
        text = subprocess.run(["zstd", "-dcq", str(file)], capture_output=True, check=True).stdout.decode()
    else:
        text = file.read_text()
    return [json.loads(line) for line in text.splitlines()]


def _answer(raw: str) -> dict[str, str]:
    """What the parser says, as the traces write it."""
    found = parse_crash(raw)
    state = "NULL" if found.state == ("NULL",) else "".join(f"{line}\n" for line in found.state)
    return {"crash_type": found.type, "crash_address": found.address, "crash_state": state}


def _agreement(traces: list[dict[str, Any]]) -> None:
    """How many traces are read as their authors read them, all fields at once and each."""
    plain = [trace for trace in traces if not trace["env"] and not trace["parser_args"]]
    each = dict.fromkeys(FIELDS, 0)
    right, wrong = 0, []
    for trace in plain:
        got, expected = _answer(trace["raw"]), trace["expected"]
        same = {field: got[field] == expected.get(field, got[field]) for field in FIELDS}
        for field in FIELDS:
            each[field] += same[field]
        right += all(same.values())
        if not all(same.values()):
            wrong.append(trace["id"])
    say(
        figure="crash_agreement",
        right=right,
        of=len(plain),
        share=round(right / len(plain), 4),
        each=each,
        differ=wrong,
        protocol="traces that need no environment; type, address and state equal to what is declared",
        **machine(),
    )


def _rate(traces: list[dict[str, Any]], rounds: int) -> None:
    """Traces per second on one processor, the texts in memory."""
    began = load()
    texts = [trace["raw"] for trace in traces]
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for text in texts:
            parse_crash(text)
        times.append(time.perf_counter() - start)
    say(
        figure="crash_rate",
        traces_per_second=round(len(texts) / statistics.median(times)),
        slowest_round=round(len(texts) / max(times)),
        traces=len(texts),
        bytes=sum(map(len, texts)),
        rounds=rounds,
        protocol="all traces parsed one after the other by one process, texts in memory; median of rounds",
        load=began,
        **machine(),
    )


def _long_lines(rounds: int) -> None:
    """One line of 1 MB alone, and after a report; each kind of filling that a rule looks at."""
    report = "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x60 at pc 0x1\nREAD of size 8 at 0x60\n"
    for filling in ("A", "(", "#1 0x1234 in a<", "Assertion `a: ", "panic: ", "0x1 vs. ", "=1=ERROR: Sanitizer: "):
        line = (filling * (1_000_000 // len(filling) + 1))[:1_000_000]
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            parse_crash(report + line)
            times.append(time.perf_counter() - start)
        say(
            figure="crash_long_line",
            filling=filling,
            milliseconds=round(statistics.median(times) * 1000, 2),
            rounds=rounds,
            protocol="a report of two lines, then one line of 1,000,000 characters; median of rounds",
            load=load(),
            **machine(),
        )


if __name__ == "__main__":
    sys.exit(main())
