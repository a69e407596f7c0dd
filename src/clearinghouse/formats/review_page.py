"""The page of a report: one HTML file for everybody's browser and printer, without script, fetching nothing.

It shows figures, never samples: so it stays true, byte for byte, when samples are taken out of a report.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from clearinghouse.core.review.tasks import Family
from clearinghouse.formats.review_style import STYLE
from clearinghouse.formats.review_svg import curves, intervals, outcomes, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clearinghouse.core.review.figures import Figures, GapFigure
    from clearinghouse.core.review.report import Compared, Report, RuleSet

_FAMILIES = {
    Family.FIND: "an input that shows a weakness of the target, without a hint",
    Family.REPRODUCE: "an input that shows the weakness described",
    Family.EXPLOIT_CANARY: "an input that reads, writes or executes a fresh canary",
    Family.PATCH: "a change that ends the weakness and nothing else",
}
_MILLION = 1_000_000


def page(report: Report) -> bytes:
    """The page in UTF-8."""
    body = "".join(
        (
            _head(report), _summary(report), *_families(report), _comparisons(report.computed.comparisons),
            _rules(report.rules), _comment(report.comment), _list("Limits of this evaluation", report.limits),
            _list("How to check and repeat it", report.rerun), _plan(report),
        )
    )  # fmt: skip
    title = escape(f"Model review: {report.plan.name}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    ).encode()


def _head(report: Report) -> str:
    words = "What was measured, how surely, and what was not. It is no statement on any release."
    return f"<header><h1>Model review: {escape(report.plan.name)}</h1><p>{words}</p></header>"


def _summary(report: Report) -> str:
    suite = report.suite
    tasks = ", ".join(f"{count} {family}" for family, count in suite.tasks.items() if count)
    rows = [
        ("Made", report.made_at),
        ("Suite", f"{report.plan.suite} {report.plan.suite_version}: {tasks}; from {suite.projects} projects"),
        ("Holdout, not public or only for days", f"{suite.holdout} of {sum(suite.tasks.values())} tasks"),
        ("Agents", ", ".join(f"{agent.name} ({agent.kind})" for agent in report.plan.agents)),
        ("Attempts", f"{report.plan.epochs} of each agent at each task; at most {_budget(report)}"),
    ]
    if suite.first_disclosed:
        rows.append(("Weaknesses public since", f"{suite.first_disclosed} to {suite.last_disclosed}"))
    if suite.weaknesses:
        rows.append(("Kinds of weaknesses", ", ".join(f"{cwe} ({count})" for cwe, count in suite.weaknesses.items())))
    return f"<section><h2>What was tried</h2>{_pairs(rows)}</section>"


def _budget(report: Report) -> str:
    budget = report.plan.budget
    parts = [
        f"{budget.tokens:,} tokens" if budget.tokens is not None else "",
        f"{budget.seconds:,.0f} seconds" if budget.seconds is not None else "",
        f"{budget.messages:,} messages" if budget.messages is not None else "",
        f"a cost of {budget.cost_micros / _MILLION:,.2f}" if budget.cost_micros is not None else "",
    ]
    return ", ".join(part for part in parts if part) or "no limit"


def _families(report: Report) -> Iterable[str]:
    for family in Family:
        rows = [one for one in report.computed.figures if one.family is family]
        if not rows:
            continue
        curve = ""
        if any(one.curve for one in rows):
            curve = _figure("pass@1 had attempts ended at 10, 30 and 100 % of the token budget", curves(rows))
        yield (
            f"<section><h2>{family.value}</h2><p>The task: {_FAMILIES[family]}. "
            f"{rows[0].tasks} tasks from {rows[0].projects} projects.</p>"
            + _figure("pass@1 with its 95 % interval", intervals(rows))
            + _rates(rows)
            + _figure("Samples: P passed, F failed, N without a verdict", outcomes(rows))
            + _costs(rows)
            + curve
            + _levels(rows)
            + "</section>"
        )


def _rates(rows: Sequence[Figures]) -> str:
    headings = (
        "agent",
        "pass@1",
        "95 % interval",
        "pass@k",
        "pass^k",
        "no verdict",
        "refused",
        "pass@1 if not refused",
    )
    cells = []
    for one in rows:
        last = one.pass_k[-1] if one.pass_k else None
        rate = one.pass_at_1
        cells.append(
            (
                one.agent,
                percent(rate.value if rate else None),
                f"{percent(rate.low)} to {percent(rate.high)}" if rate and rate.low is not None else "–",
                f"{percent(last.some)} (k = {last.k})" if last else "–",
                f"{percent(last.every)} (k = {last.k})" if last else "–",
                percent(one.no_verdict_share),
                percent(one.refusal_share),
                percent(one.answered),
            )
        )
    return _table("Rates", headings, cells) + _notes(rows)


def _notes(rows: Sequence[Figures]) -> str:
    notes = []
    for one in rows:
        if one.trouble:
            notes.append(f"{one.agent}: {one.trouble}.")
        if one.flag == "saturated":
            notes.append(f"{one.agent}: saturated. All succeeded; says only: at least {percent(1 - (one.bound or 0))}.")
        if one.flag == "floored":
            notes.append(f"{one.agent}: floored. None succeeded; says only: at most {percent(one.bound)}.")
        if one.gap is not None:
            notes.append(
                f"{one.agent}: public minus holdout {_signed(one.gap.value)} points "
                f"({_ends(one.gap)}), "
                f"{one.gap.public_tasks} public and {one.gap.holdout_tasks} holdout tasks."
            )
    if any(one.few_projects for one in rows):
        notes.append("Too few projects: below 20, so that little can be said of other projects.")
    return f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>" if notes else ""


def _costs(rows: Sequence[Figures]) -> str:
    headings = ("agent", "tokens", "tokens per solve", "cost", "cost per solve", "seconds", "judge's CPU seconds")
    cells = [
        (
            one.agent, f"{one.tokens:,}", _number(one.tokens_per_solve), _cost(one.cost_micros),
            _cost(one.cost_micros_per_solve), f"{one.seconds:,.0f}", f"{one.judge_cpu_seconds:,.0f}",
        )
        for one in rows
    ]  # fmt: skip
    return _table("What it took", headings, cells)


def _levels(rows: Sequence[Figures]) -> str:
    cells = [
        (one.agent, level, str(rate.tasks), percent(rate.value), f"{percent(rate.low)} to {percent(rate.high)}")
        for one in rows
        for level, rate in one.levels.items()
    ]
    headings = ("agent", "information level", "tasks", "pass@1", "95 % interval")
    return _table("By what the agent was told", headings, cells) if cells else ""


def _comparisons(rows: Sequence[Compared]) -> str:
    if not rows:
        return ""
    headings = ("compared", "family", "tasks", "difference (points)", "95 % interval", "p", "p, all families", "note")
    cells, seconds = [], []
    for one in rows:
        pair = f"{one.first} minus {one.second}"
        interval = "–" if one.low is None else f"{_signed(one.low)} to {_signed(one.high)}"
        exact = "" if one.exact else "p by random flips"
        note = "; ".join(part for part in (one.trouble, "too few projects" * one.few_projects, exact) if part)
        row = (pair, one.family.value, str(one.tasks), _signed(one.difference), interval, _p(one.p), _p(one.p_holm))
        cells.append((*row, note))
        seconds += [
            (pair, one.family.value, f"{at.seconds:,.1f}", percent(at.first), percent(at.second)) for at in one.seconds
        ]
    heads = ("compared", "family", "seconds an attempt", "the first", "the second")
    return (
        "<section><h2>Comparisons</h2>"
        + _table("On the same tasks, by a sign-flip test over projects", headings, cells)
        + (_table("pass@1 at equal time", heads, seconds) if seconds else "")
        + "</section>"
    )


def _rules(rules: RuleSet | None) -> str:
    if rules is None:
        return ""
    by_id = {rule.id: rule for rule in rules.rules}
    cells = []
    for one in rules.answers:
        rule = by_id[one.rule]
        test = f"{rule.family.value}: {rule.metric.value} {rule.side.value} {rule.value:g}"
        cells.append((one.rule, rule.says, test, one.agent, one.answer.value, one.because))
    words = f"Rules “{rules.name}”, version {rules.version}, of {rules.owner}, who answers for them."
    return (
        f"<section><h2>Threshold rules</h2><p>{escape(words)} "
        "An answer says where a figure lies, and nothing more.</p>"
        + _table("Answers", ("rule", "in its owner's words", "test", "agent", "answer", "because"), cells)
        + "</section>"
    )


def _comment(comment: str) -> str:
    words = (
        f'<blockquote class="verbatim">{escape(comment)}</blockquote>' if comment.strip() else "<p>None was given.</p>"
    )
    return f"<section><h2>The developer's comment, verbatim</h2>{words}</section>"


def _list(heading: str, items: Sequence[str]) -> str:
    return f"<section><h2>{heading}</h2><ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul></section>"


def _plan(report: Report) -> str:
    rows = [
        ("Plan", report.plan.digest),
        ("signed", f"{report.plan_signed_at}, before the first sample, by {report.plan_key}"),
        ("Suite", report.plan.suite_digest),
        ("Samples", f"{report.size}, under the Merkle root {report.root}"),
        *((f"Version of {name}", version) for name, version in report.versions.items()),
    ]
    if report.rules is not None:
        rows.append(("Rules", report.rules.digest))
    return f"<section><h2>What this rests on</h2>{_pairs(rows)}</section>"


def _pairs(rows: Iterable[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(key)}</dt><dd>{escape(value)}</dd>' for key, value in rows)}</dl>"


def _figure(caption: str, drawing: str) -> str:
    label = escape(caption)
    scrolled = f'<div class="wide" role="region" tabindex="0" aria-label="{label}">{drawing}</div>'
    return f"<figure><figcaption>{label}</figcaption>{scrolled}</figure>"


def _table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in headings)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}"><table><caption>{escape(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.1f}"


def _ends(gap: GapFigure) -> str:
    return "no interval" if gap.low is None else f"{_signed(gap.low)} to {_signed(gap.high)}"


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _cost(micros: float | None) -> str:
    return "–" if micros is None else f"{micros / _MILLION:,.4g}"
