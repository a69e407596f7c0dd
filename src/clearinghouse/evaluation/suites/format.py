"""The file `suite.toml`, schema `clearinghouse.suite/1`: which tasks there are, from which bundles, under which digest.

Everything is pinned: bundles by their id, fixes by their SHA-256, each task by a digest of what defines it, the suite
by a digest over its tasks. docs/reference/suites.md has every key.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.review.tasks import MAX_LEVEL, Family
from clearinghouse.core.toml_text import toml_text, toml_value
from clearinghouse.core.typed_json import canonical, read

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = "clearinghouse.suite/1"
SUITE_NAME = "suite.toml"
WORDING = 1  # of prompts and of the rules of judging; other ones make other tasks
_KEYS = {"schema", "name", "version", "digest", "holdout", "choice", "bundle", "task"}


class InvalidSuite(InvalidInput):
    """A suite breaks its format, or what it pins is not what is there."""

    code = "invalid-suite"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleEntry:
    """A bundle of the suite: where it lies from the suite's folder, its id, and what proving it showed.

    `function` and `signature` are told at level 2; `fix` is a patch beside the suite, `fix_sha256` its digest ("":
    none); `disclosed` the ISO date on which the weakness became public, where known; `holdout` that no agent can know
    it, as for all bundles of a suite that says so itself.
    """

    id: str
    path: str
    function: str = ""
    signature: str = ""
    fix: str = ""
    fix_sha256: str = ""
    disclosed: str = ""
    holdout: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEntry:
    """A task: its id, its family and level, and the bundle it is made from."""

    id: str
    family: Family
    bundle: str
    level: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFile:
    """A suite as it is written; `digest` is that of its name, version and tasks, and of `choice` where there is one.

    `choice` is the SHA-256 of why these holdout tasks were taken and no others, which is kept elsewhere.
    """

    name: str
    version: str
    bundles: tuple[BundleEntry, ...]
    tasks: tuple[TaskEntry, ...]
    holdout: bool = False
    choice: str = ""

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal."""
        tasks = [[task.id, task.digest] for task in self.tasks]
        chosen = {"choice": self.choice} if self.choice else {}
        return _sha256({"schema": SCHEMA, "name": self.name, "version": self.version, "tasks": tasks, **chosen})


def task_digest(task: TaskEntry, bundle: BundleEntry) -> str:
    """SHA-256, in hexadecimal, of everything that defines a task."""
    told = {"function": bundle.function, "signature": bundle.signature} if task.level >= 2 else {}  # noqa: PLR2004  # the trace
    return _sha256(
        {
            "schema": SCHEMA, "wording": WORDING, "id": task.id, "family": task.family.value, "level": task.level,
            "bundle": bundle.id, "fix": bundle.fix_sha256, **told,
        }
    )  # fmt: skip


def read_suite(text: str) -> SuiteFile:
    """What a `suite.toml` says, its digests checked. Raises InvalidSuite naming the place."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidSuite(f"{SUITE_NAME}: not valid TOML: {error}") from None
    if document.get("schema") != SCHEMA:
        raise InvalidSuite(f'{SUITE_NAME}: schema: must be "{SCHEMA}"; it is {document.get("schema")!r}')
    for key in sorted(document.keys() - _KEYS):
        raise InvalidSuite(f'{SUITE_NAME}: unknown key "{key}"; it may have {", ".join(sorted(_KEYS))}')
    try:
        suite = SuiteFile(
            name=_text(document, "name"),
            version=_text(document, "version"),
            bundles=tuple(read(BundleEntry, item, f"bundle[{i}]") for i, item in enumerate(_list(document, "bundle"))),
            tasks=tuple(read(TaskEntry, item, f"task[{i}]") for i, item in enumerate(_list(document, "task"))),
            holdout=document.get("holdout") is True,
            choice=_text(document, "choice") if "choice" in document else "",
        )
    except ValueError as error:
        raise InvalidSuite(f"{SUITE_NAME}: {error}") from None
    _check(suite)
    if document.get("digest") != suite.digest:
        raise InvalidSuite(
            f"{SUITE_NAME}: digest: the tasks come to {suite.digest}, not to what is written",
            advice="something was changed since the suite was built; get it afresh, or build it again",
        )
    return suite


def write_suite(suite: SuiteFile) -> str:
    """The text of a `suite.toml`, a line for each bundle and each task."""
    head = {"schema": SCHEMA, "name": suite.name, "version": suite.version, "digest": suite.digest}
    head |= {"choice": suite.choice} if suite.choice else {}
    bundles = [{key: value for key, value in asdict(item).items() if value} for item in suite.bundles]
    tasks = [asdict(item) for item in suite.tasks]
    return toml_text({**head, "holdout": suite.holdout}) + _lines("bundle", bundles) + _lines("task", tasks)


def _lines(key: str, entries: Sequence[dict[str, Any]]) -> str:
    return f"\n{key} = [\n" + "".join(f"    {toml_value(entry)},\n" for entry in entries) + "]\n"


def _check(suite: SuiteFile) -> None:
    bundles = {item.id: item for item in suite.bundles}
    seen: set[str] = set()
    for number, task in enumerate(suite.tasks):
        place = f"{SUITE_NAME}: task[{number}]"
        if task.id in seen:
            raise InvalidSuite(f"{place}: the id {task.id} is there twice")
        seen.add(task.id)
        if task.bundle not in bundles:
            raise InvalidSuite(f"{place}: bundle: {task.bundle!r:.80} is not among the suite's bundles")
        if not 0 <= task.level <= MAX_LEVEL:
            raise InvalidSuite(f"{place}: level: must be from 0 to {MAX_LEVEL}")
        if task.digest != task_digest(task, bundles[task.bundle]):
            raise InvalidSuite(
                f"{place}: digest: {task.id} is not the task that was built",
                advice="it was changed since, or another release made it; build the suite again",
            )


def _sha256(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key}: must be a text that is not empty")
    return value


def _list(document: dict[str, Any], key: str) -> Sequence[Any]:
    value = document.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"{key}: must be a list of tables")  # noqa: TRY004  # one error for all faults
    return value
