"""The demo of a review runs to its end with a few tasks of the open suite; the same command again shows the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clearinghouse.cli import demo_review
from clearinghouse.evaluation.suites.build import without
from clearinghouse.evaluation.suites.load import load_suite

pytestmark = [pytest.mark.slow, pytest.mark.registry, pytest.mark.sandbox, pytest.mark.timeout(600)]

EXAMPLES = Path(__file__).parents[2] / "examples"
TASKS = {"find-orjson-696f74", "reproduce-1-flat-ac0485", "exploit-canary-tqdm-e3e06f", "patch-flat-ac0485"}


def test_a_demo_of_a_few_tasks_ends_with_a_report_that_holds(tmp_path: Path) -> None:
    suite = tmp_path / "suites" / "open"
    shutil.copytree(EXAMPLES / "suites" / "open", suite)
    (tmp_path / "proofs").symlink_to(EXAMPLES / "proofs")
    loaded = load_suite(suite)
    without(loaded, {task.info.id for task in loaded.tasks} - TASKS)
    home = tmp_path / "review"

    demo_review.demo_review(suite, home, check=True, fresh=True)

    samples = (home / "evaluation" / "samples.jsonl").read_text().splitlines()
    outcomes = {(one["agent"], one["task"]): one["outcome"] for one in map(json.loads, samples)}
    assert len(samples) == len(outcomes) == 2 * len(TASKS)
    assert {outcomes[demo_review.ORACLE, task] for task in TASKS} == {"pass"}
    assert outcomes[demo_review.FUZZER, "patch-flat-ac0485"] == "fail"
    command = [sys.executable, "-c", "from clearinghouse.cli.main import main; main()", "review", "verify"]
    command += [str(home / "report"), "--key", str(home / "signing.key.pub"), "--json"]
    said = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert (said["samples"], said["figures_recomputed"]) == (2 * len(TASKS), True)

    demo_review.demo_review(suite, home, check=True, fresh=False)
    assert (home / "evaluation" / "samples.jsonl").read_text().splitlines() == samples
