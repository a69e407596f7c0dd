"""Joins the rooms to the adapters: the jobs with their steps, the prover, the clock, and Django itself."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING

from clearinghouse.adapters.clock import now
from clearinghouse.adapters.jobs.later import LaterQueue
from clearinghouse.bootstrap import database
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.ports import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.bootstrap.evaluations import Evaluations
    from clearinghouse.core.ports import Clock, JobQueue, Prover, Runs, Signer, Vault
    from clearinghouse.journal.sealing import Sealing

clock: Clock = now


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()


def start() -> Settings:
    """Make Django ready and diagnostics go where they belong; does nothing the second time."""
    from django.apps import apps  # noqa: PLC0415  # a second of CPU that most commands never need

    if not apps.ready:
        import django  # noqa: PLC0415

        from clearinghouse.bootstrap import logs  # noqa: PLC0415

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearinghouse.bootstrap.django_settings")
        logs.set_up(settings().log_level)
        django.setup()
    return settings()


def migrate() -> tuple[str, ...]:
    """Make the home folder and bring the tables up to date; the names of the migrations that were applied.

    Raises Unavailable where the database does not answer.
    """
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    settings().root.mkdir(parents=True, exist_ok=True, mode=0o700)
    database.reach(settings())

    def missing() -> tuple[str, ...]:
        executor = MigrationExecutor(connection)
        return tuple(str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()))

    if not missing():
        return ()
    with database.migrating(settings()):
        plan = missing()  # somebody else may have been faster
        if plan:
            call_command("migrate", verbosity=0, interactive=False)
            call_command("createcachetable", verbosity=0)  # of no migration: where attempts to sign in are counted
    return plan


def ready() -> Settings:
    """`start`, with the tables made or brought up to date: what every command that touches data begins with."""
    found = start()
    migrate()
    return found


def forget_old_sessions() -> None:
    """Delete the rows of sessions that are over; the server does so whenever it starts."""
    from django.core.management import call_command  # noqa: PLC0415

    call_command("clearsessions", verbosity=0)


def prover() -> Prover:
    """The prover of this machine. Raises SandboxUnavailable where foreign code cannot be run safely."""
    from clearinghouse.prover.local import LocalProver  # noqa: PLC0415

    found = settings()
    return LocalProver(cache=found.cache.expanduser().absolute(), state=found.prover_state)


def signer() -> Signer | None:
    """What signs verdicts, once its key was found usable; None where no key is set and none was made.

    Raises NotFound, Refused or InvalidInput for a key that is set or there, and cannot sign.
    """
    from clearinghouse.adapters.signing.process import ProcessSigner  # noqa: PLC0415

    key = settings().key_file
    if settings().signing_key is None and not key.exists():
        return None
    found = ProcessSigner(key)
    found.key_id()
    return found


def vault() -> Vault:
    """What seals and opens credentials of reviews, in a process of its own."""
    from clearinghouse.adapters.vault.process import ProcessVault  # noqa: PLC0415

    return ProcessVault(settings().vault_file)


def runs() -> Runs:
    """What ends processes of evaluations on this machine."""
    from clearinghouse.adapters.runs import LocalRuns  # noqa: PLC0415

    return LocalRuns()


REVIEWS = "Model reviews"  # the finder of what evaluations come upon


def evaluations() -> Evaluations:
    """What carries evaluations of models out, in this worker."""
    from clearinghouse.bootstrap.evaluations import Evaluations  # noqa: PLC0415

    return Evaluations(settings(), vault(), runs(), clock, hand_in=hand_in_finding)


def hand_in_finding(bundle: bytes) -> str:
    """Take a weakness that an evaluation came upon in as a report; its id. The same bundle is one report."""
    from clearinghouse.intake import services as intake  # noqa: PLC0415

    # Who found it is not said: a report names no model, and neither does what becomes of it.
    return intake.submit(bundle, finder=REVIEWS, name="finding.tar", clock=clock, queue=queue()).id


def tend_reviews(signer: Signer | None) -> tuple[str, ...]:
    """Do what is due for reviews of models: first in the tables, then with processes, files and signatures."""
    from clearinghouse.reviews import services as reviews  # noqa: PLC0415

    struck = reviews.strike(at=clock())
    return struck + reviews.effect(at=clock(), runs=runs(), folder=settings().evaluations, signer=signer)


def seal(signer: Signer | None) -> Sealing:
    """Seal what is new in the journal, sign it where there is a signer, and publish it. Raises as `sealing.seal`."""
    from clearinghouse.journal import sealing  # noqa: PLC0415

    return sealing.seal(clock, signer=signer, folder=settings().published_seals)


def queue() -> JobQueue:
    """The queue of doors and commands: the work is left to the worker."""
    return LaterQueue()


def jobs(prover: Prover, clock: Clock = now, signer: Signer | None = None) -> tuple[Job, ...]:
    """Every job with its steps. Names are stored with queued work: renaming one strands it."""
    from clearinghouse.cases import jobs as cases  # noqa: PLC0415
    from clearinghouse.intake import services as intake  # noqa: PLC0415
    from clearinghouse.proofs import jobs as proofs  # noqa: PLC0415

    return (
        Job(
            intake.PROVE,
            {
                "run": partial(proofs.run, prover=prover, clock=clock, signer=signer),
                "match": partial(cases.match, prover=prover, clock=clock),
                "settle": partial(cases.settle, clock=clock),
            },
        ),
        Job(intake.ANSWER, {"answer": partial(cases.answer, clock=clock)}),
    )


def undone() -> list[tuple[str, str]]:
    """All work that the tables show to be undone, whoever left it: (job, key) in order of arrival."""
    from clearinghouse.intake import queries as reports  # noqa: PLC0415
    from clearinghouse.intake import services as intake  # noqa: PLC0415
    from clearinghouse.proofs import queries as proofs  # noqa: PLC0415

    unsettled = [(intake.PROVE, key) for key in proofs.unsettled()]
    return unsettled + [(intake.ANSWER, key) for key in reports.unanswered()]


def with_own_connections(step: Callable[[], None]) -> None:
    """Run a step in an engine's thread with database connections that do not outlive it."""
    from django.db import close_old_connections, connections  # noqa: PLC0415

    close_old_connections()
    try:
        step()
    finally:
        connections.close_all()
