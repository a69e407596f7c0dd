"""`clearinghouse review …`: the verbs of a model review; each lives in a module of its own and is registered here."""

from __future__ import annotations

import typer

from clearinghouse.cli import (
    review_carried,
    review_holdout,
    review_logs,
    review_plan,
    review_report,
    review_room,
    review_run,
)

app = typer.Typer(help="Model reviews: plan, run, judge again, report.", no_args_is_help=True, rich_markup_mode=None)
app.command("plan")(review_plan.plan)
app.command("run")(review_run.run)
app.command("rejudge")(review_run.rejudge)
app.command("control")(review_run.control)
app.command("logs")(review_logs.logs)
app.command("report")(review_report.report)
app.command("redact")(review_report.redact)
app.command("verify")(review_report.verify)
review_room.register(app)
review_carried.register(app)
review_holdout.register(app)
