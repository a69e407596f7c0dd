"""`clearinghouse review report | redact | verify`: what was measured, signed; and what others can check of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearinghouse.cli.keys import key_file
from clearinghouse.cli.output import put, put_line, say
from clearinghouse.cli.reports import AsJson  # noqa: TC001  # Typer reads the annotations
from clearinghouse.cli.review_plan import SigningKey, content, write_new
from clearinghouse.core.errors import Conflict, InvalidInput, NotVerified, UsageError

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey

    from clearinghouse.core.review.leaves import Names, Results
    from clearinghouse.evaluation.store import Folder
    from clearinghouse.formats.review_file import ReportFile

FILE, PAGE, KEY = "report.json", "report.html", "report.pub"
_MOST_COMMENT = 200_000
ReportFolder = Annotated[Path, typer.Argument(help="The folder of a report.")]
Out = Annotated[Path, typer.Option("--out", help="A new folder for the report.")]


def report(
    evaluation: Annotated[Path, typer.Argument(help="The folder that a run left behind.")],
    plan: Annotated[Path, typer.Option("--plan", help="The signed plan.")],
    out: Out,
    *,
    thresholds: Annotated[Path | None, typer.Option("--thresholds", help="The rules that were planned.")] = None,
    comment: Annotated[
        Path | None, typer.Option("--comment", help="The developer's comment: a text, verbatim.")
    ] = None,
    plan_key: Annotated[
        Path | None, typer.Option("--plan-key", help="The public key that signed the plan, if not the signing key's.")
    ] = None,
    key: SigningKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a signed report of an evaluation, as JSON and as a page.

    Exit code: 1 when the plan's signature does not hold, 65 for malformed files, 77 where the evaluation does not carry
    out the plan or began before it, 75 where the folder is there already.
    """
    made = make(evaluation, plan, out, thresholds=thresholds, comment=comment, plan_key=plan_key, key=key)
    if as_json:
        put({"folder": out, "root": made.report.root, "samples": made.report.size, "report": made.report.as_json()})
        return
    put_line(f"report of {made.report.size} samples under the root {made.report.root}")
    for one in made.report.computed.figures:
        rate = one.pass_at_1
        words = one.trouble or "nothing judged"
        if rate is not None:
            words = f"pass@1 {rate.value:.3f}" + (
                f" ({rate.low:.3f} to {rate.high:.3f})" if rate.low is not None else ""
            )
        put_line(f"    {one.family}, {one.agent}: {words}")
    put_line(f"written to {out / PAGE}, signed in {out / FILE}")


def make(
    evaluation: Path,
    plan: Path,
    out: Path,
    *,
    thresholds: Path | None = None,
    comment: Path | None = None,
    plan_key: Path | None = None,
    key: Path | None = None,
) -> ReportFile:
    """Make a report and write its folder; raises as `report` says."""
    from clearinghouse.evaluation.store import Folder  # noqa: PLC0415

    return make_of(
        Folder.open(evaluation), content(plan), out, thresholds=thresholds, comment=comment, plan_key=plan_key, key=key
    )


def make_of(
    evaluation: Folder,
    plan: bytes,
    out: Path,
    *,
    thresholds: Path | None = None,
    comment: Path | None = None,
    plan_key: Path | None = None,
    key: Path | None = None,
) -> ReportFile:
    """`make`, of an open folder and the bytes of the signed plan."""
    import secrets  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    from clearinghouse.adapters.signing import envelope, keys  # noqa: PLC0415
    from clearinghouse.adapters.signing.process import ProcessSigner  # noqa: PLC0415
    from clearinghouse.core.review.leaves import SALT_BYTES  # noqa: PLC0415
    from clearinghouse.core.review.thresholds import read_thresholds  # noqa: PLC0415
    from clearinghouse.evaluation import reporting  # noqa: PLC0415
    from clearinghouse.formats.review_file import ReportFile  # noqa: PLC0415

    private = key_file(key)
    public = keys.load_public(keys.public_file(private))
    planner = keys.load_public(plan_key) if plan_key else public
    made = reporting.make(
        evaluation,
        envelope.verify_plan(plan, planner),
        plan_key=planner.keyid,
        rules=read_thresholds(content(thresholds)) if thresholds else None,
        comment=_comment(comment) if comment else "",
        made_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        salt=lambda: secrets.token_bytes(SALT_BYTES),
    )
    _none_there(out)
    signed = ProcessSigner(private).report(made.report, made.page_digest)
    found = ReportFile(signed.content, made.report, made.rows)
    _write(out, found, made.page, keys.public_pem(public))
    return found


def _comment(file: Path) -> str:
    try:
        text = content(file).decode("utf-8")
    except ValueError:
        raise InvalidInput(f"{file}: is no text in UTF-8") from None
    if len(text) > _MOST_COMMENT:
        raise InvalidInput(f"{file}: longer than {_MOST_COMMENT:,} characters", advice="shorten it, or refer to a page")
    return text


def _none_there(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Conflict(f"{out} is there already", advice="name a new folder; a report is never overwritten")


def _write(out: Path, found: ReportFile, page: bytes, pem: bytes) -> None:
    write_new(out / PAGE, page)
    write_new(out / KEY, pem)
    write_new(out / FILE, found.content)


def verify(
    folder: ReportFolder,
    key: Annotated[Path | None, typer.Option("--key", help="The signer's public key (PEM), from the signer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a report, also a redacted one: signature, page, every disclosed sample, and that the figures follow.

    Exit code: 1 when something does not hold, 65 when a file is malformed, 66 when one is missing.
    """
    from clearinghouse.core.review import leaves  # noqa: PLC0415

    found, public, recomputed = checked(folder, key)
    counts = leaves.counts(found.rows)
    if as_json:
        put({"key_id": public.keyid, "root": found.report.root, **counts, "figures_recomputed": recomputed})
        return
    put_line(f"verified: signed by {public.keyid}; the page is the one signed")
    words = f"{counts['samples']} samples under the root {found.report.root}"
    put_line(f"{words}; {counts['without_names']} without names, {counts['without_results']} without results")
    put_line("figures computed anew: the same" if recomputed else "figures not computed anew: too little is disclosed")
    if key is None:
        say("The key came with the report: compare its id with the one the signer publishes, or give --key.")


def checked(folder: Path, key: Path | None) -> tuple[ReportFile, SSlibKey, bool]:
    """A report that holds, who signed it, and whether its figures were computed anew; raises as `verify` says."""
    from clearinghouse.adapters.signing import envelope, keys  # noqa: PLC0415
    from clearinghouse.formats import review_file  # noqa: PLC0415

    folder = folder.parent if folder.name == FILE else folder
    pem, page = content(folder / KEY), content(folder / PAGE)
    found = review_file.read_file(content(folder / FILE))
    beside = keys.load_public(folder / KEY)
    if keys.public_pem(beside) != pem:
        raise InvalidInput(f"{KEY}: not spelt as this program writes it", advice="get the report again")
    public = keys.load_public(key) if key else beside
    if public.keyid != beside.keyid:
        raise NotVerified(
            f"{KEY}: is the key {beside.keyid}, not {public.keyid}", advice="get the report from its signer"
        )
    signed = envelope.verify_report(found.envelope, public)
    if hashlib.sha256(page).hexdigest() != signed.page:
        raise NotVerified(f"{PAGE}: is not the page that was signed", advice="get the report again")
    return found, public, review_file.check(found, signed)


def redact(
    folder: ReportFolder,
    out: Out,
    *,
    names: Annotated[bool, typer.Option("--names", help="Hide only what names a task or what was handed in.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Of every sample.")] = False,
    task: Annotated[list[str] | None, typer.Option("--task", help="Of the samples of this task.")] = None,
    agent: Annotated[list[str] | None, typer.Option("--agent", help="Of the samples of this agent.")] = None,
    family: Annotated[list[str] | None, typer.Option("--family", help="Of the samples of this family.")] = None,
) -> None:
    """Write a copy of a report with samples taken out; it verifies against the same signature and root.

    The page and the figures stay as they were signed. Exit code: as `review verify`, and 2 where nothing is chosen.
    """
    from clearinghouse.core.review import leaves  # noqa: PLC0415
    from clearinghouse.formats.review_file import redacted  # noqa: PLC0415

    if not (everything or task or agent or family):
        raise UsageError("nothing is chosen", advice="give --task, --agent, --family or --all")
    found, _, _ = checked(folder, None)
    folder = folder.parent if folder.name == FILE else folder

    def hide(names_of: Names | None, results: Results | None) -> str:
        chosen = everything or (
            bool(names_of and names_of.task in (task or ()))
            or bool(results and (results.agent in (agent or ()) or results.family in (family or ())))
        )
        return ("names" if names else "all") if chosen else ""

    kept = leaves.redact(found.rows, hide=hide)
    _none_there(out)
    _write(out, redacted(found, kept), content(folder / PAGE), content(folder / KEY))
    counts = leaves.counts(kept)
    put_line(
        f"{counts['without_names']} of {counts['samples']} samples without names, "
        f"{counts['without_results']} without results"
    )
    if kept == found.rows:
        say("Nothing was taken out: no sample is of what was chosen.")
