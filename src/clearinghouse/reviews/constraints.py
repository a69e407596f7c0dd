"""What the database computes in a constraint, in words of each that we use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import DateTimeField, Func

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


class ThirtyDaysAfter(Func):
    """An instant 30 days after another. Kept by the database itself: no function of ours has to be loaded."""

    output_field = DateTimeField()
    arity = 1
    template = "(%(expressions)s + interval '30 days')"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        """SQLite keeps instants in UTC as text: the date moves, the time of day stays as it is, to the microsecond."""
        one = "%(expressions)s"
        return self.as_sql(compiler, connection, template=f"(date({one}, '+30 days') || substr({one}, 11))", **more)
