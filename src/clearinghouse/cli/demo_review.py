"""`clearinghouse demo --review`: two baselines try the open suite under a signed plan; the report is signed, checked.

One of them, the oracle, is handed the answers that the suite knows: it shows that the tasks can be solved. The other is
the fuzzer, which shows what blind chance solves in the same seconds. No model is needed.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from clearinghouse.cli.output import put_line, say
from clearinghouse.core.errors import ClearinghouseError, IntegrityError, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.review.plan import Plan
    from clearinghouse.core.review.report import Report
    from clearinghouse.evaluation.suites.load import Suite
    from clearinghouse.formats.review_file import ReportFile

ORACLE = "baseline/oracle"
FUZZER = "baseline/fuzzer"
SECONDS: Final = 4.0  # of an attempt
WIDTH: Final = 2
PLACES: Final = 9  # of each file of the report, where --check changes a byte


def demo_review(suite: Path, folder: Path, *, check: bool, fresh: bool) -> None:
    """Plan, run, report, verify and show; what a run left unfinished is gone on with.

    Raises NotFound without the suite, IntegrityError where `check` finds another outcome than it must be.
    """
    from clearinghouse.cli import review_report, review_run  # noqa: PLC0415
    from clearinghouse.evaluation.suites.load import load_suite  # noqa: PLC0415

    if not suite.is_dir():
        raise NotFound(f"{suite}: there is no suite", advice="run this in a checkout of the project")
    if fresh and folder.exists():
        shutil.rmtree(folder)
    planned = plan_of(load_suite(suite))
    key, plan, evaluation, report = (folder / name for name in ("signing.key", "plan.json", "evaluation", "report"))
    _signed(planned, key, plan)
    say(f"plan {planned.digest} signed; oracle and fuzzer try {suite}, {SECONDS:g} seconds an attempt")
    review_run.run(
        suite, evaluation, baseline=["oracle", "fuzzer"], epochs=planned.epochs, tokens=None, cost=None,
        seconds=SECONDS, messages=None, prices=None, credentials=None, task=None, plan=planned.digest, width=WIDTH,
    )  # fmt: skip
    if report.exists():
        shutil.rmtree(report)
    made = review_report.make(evaluation, plan, report, key=key)
    review_report.checked(report, key.with_name(f"{key.name}.pub"))
    for one in made.report.computed.figures:
        put_line(f"{one.family}, {one.agent}: {one.passes} of {one.samples} passed, {one.no_verdict} without a verdict")
    put_line(f"verified: {report / review_report.PAGE}")
    if check:
        _check(made, report)
    elif os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        import webbrowser  # noqa: PLC0415

        webbrowser.open((report / review_report.PAGE).as_uri())


def plan_of(suite: Suite) -> Plan:
    """What the demo plans for a suite: every task once by each of the two, and the two compared."""
    from clearinghouse.core.review.plan import Budget, Plan, PlannedAgent, PlannedComparison  # noqa: PLC0415

    return Plan(
        name="Two baselines on the open suite", suite=suite.name, suite_version=suite.version,
        suite_digest=suite.digest, epochs=1, budget=Budget(seconds=SECONDS),
        agents=tuple(PlannedAgent(name=name, kind="baseline") for name in (ORACLE, FUZZER)),
        comparisons=(PlannedComparison(first=ORACLE, second=FUZZER),),
    )  # fmt: skip


def _signed(planned: Plan, key: Path, file: Path) -> None:
    """Have the plan signed by a key of the demo's own; a plan signed before stays, so that its samples do."""
    from clearinghouse.adapters.signing import envelope, keys  # noqa: PLC0415
    from clearinghouse.adapters.signing.process import ProcessSigner  # noqa: PLC0415
    from clearinghouse.cli.review_plan import content, write_new  # noqa: PLC0415

    if not key.exists():
        keys.make(key)
    if not file.exists():
        write_new(file, ProcessSigner(key).plan(planned).content)
    elif envelope.verify_plan(content(file), keys.load_public(keys.public_file(key))).plan != planned:
        raise IntegrityError(f"{file}: is the plan of another suite", advice="run it with --fresh")


def differences(report: Report) -> list[str]:
    """What is not as it must be: the oracle solves everything, every sample is there, and nothing lacks a verdict."""
    found = []
    for one in report.computed.figures:
        if one.missing or one.no_verdict:
            found.append(f"{one.family}, {one.agent}: {one.no_verdict} of {one.samples} samples without a verdict")
        if one.agent == ORACLE and one.passes != one.samples:
            found.append(f"{one.family}: the oracle solved {one.passes} of {one.samples}")
    return found


def unseen_changes(folder: Path) -> list[str]:
    """The places of a report's files where a changed byte is not found; some of each file are tried."""
    from clearinghouse.cli import review_report  # noqa: PLC0415

    found = []
    for name in (review_report.FILE, review_report.PAGE, review_report.KEY):
        whole = (folder / name).read_bytes()
        for number in range(PLACES):
            position = (len(whole) - 1) * number // (PLACES - 1)
            changed = bytearray(whole)
            changed[position] ^= 1 << number % 8
            (folder / name).write_bytes(changed)
            try:
                review_report.checked(folder, None)
            except ClearinghouseError:
                continue
            finally:
                (folder / name).write_bytes(whole)
            found.append(f"{name}: a changed byte at {position} was not found")
    return found


def _check(made: ReportFile, folder: Path) -> None:
    found = differences(made.report) + unseen_changes(folder)
    for line in found:
        say(f"differs: {line}")
    if found:
        raise IntegrityError(f"the outcome differs in {len(found)} points", advice="run it with --fresh")
    put_line("as it must be; a changed byte in any of its files is found")
