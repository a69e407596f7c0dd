"""Reads the parts of `proof.toml` that say how to run the proof and what must be seen: [run] and [oracle]."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from clearinghouse.core.canaries import canaries_of, unknown_canaries
from clearinghouse.core.manifest import CallRun, OracleSpec, ScriptRun
from clearinghouse.core.proof import OracleName
from clearinghouse.core.steps import Grammar, check_reference, check_steps, uses_size

if TYPE_CHECKING:
    from clearinghouse.core.manifest_parser import Reader

CALL_KEYS = {"call", "args", "kwargs", "control_args", "control_kwargs", "step", "control_step", "env", "show"}
SCRIPT_KEYS = {"argv", "control", "stdin"}
RUN_KEYS = CALL_KEYS | SCRIPT_KEYS | {"tests", "wall_seconds", "memory_mib"}
WALL_SECONDS = (0.1, 60.0)
MEMORY_MIB = (16, 4096)
ENV_NAMES = {
    "NETRC", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
    "DJANGO_SETTINGS_MODULE", "SERVER_NAME", "REQUEST_METHOD", "CONTENT_LENGTH", "CONTENT_TYPE", "QUERY_STRING",
}  # fmt: skip
# The parameters of oracles, and which oracle each belongs to.
ORACLE_KEYS = {
    "insecure": (OracleName.PREDICATE,),
    "secure": (OracleName.PREDICATE,),
    "budget_seconds": (OracleName.CPU,),
    "budget_mib": (OracleName.MEMORY,),
    "sizes": (OracleName.CPU, OracleName.MEMORY),
    "type": (OracleName.EXCEPTION,),
    "carrying": (OracleName.CONNECT,),
}
SIZED = (OracleName.CPU, OracleName.MEMORY)  # oracles with a growth law
_FILE_REFERENCE = re.compile(r"\{\{path:([^}]*)\}\}")
_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_MAX_PATTERN = 500
_LEAST_SPREAD = 1.5  # of the largest size over the smallest


def parse_run(reader: Reader, language: str) -> tuple[CallRun | ScriptRun | None, dict[str, Any]]:
    """The [run] table as a form, and the settings that both forms share."""
    table = reader.table("run", required=True)
    settings: dict[str, Any] = {
        "wall_seconds": _number(reader, table, "wall_seconds", 20.0, WALL_SECONDS),
        "memory_mib": int(_number(reader, table, "memory_mib", 1024, MEMORY_MIB)),
        "tests": parse_argv(reader, "run", "tests"),
    }
    if not table:
        return None, settings
    calls, scripts = CALL_KEYS & table.keys(), SCRIPT_KEYS & table.keys()
    if calls and scripts:
        reader.report(("run",), f"mixes two forms: {', '.join(sorted(calls | scripts))}; keep either steps or argv")
        return None, settings
    if scripts:
        return _script(reader, table), settings
    grammar = Grammar(reader.files, language if language == "node" else "python")
    return _call(reader, table, grammar), settings


def _number(reader: Reader, table: dict[str, Any], key: str, default: float, bounds: tuple[float, float]) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not bounds[0] <= value <= bounds[1]:
        reader.report(("run", key), f"must be a number from {bounds[0]:g} to {bounds[1]:g}")
        return default
    return float(value)


def parse_argv(reader: Reader, name: str, key: str) -> tuple[str, ...] | None:
    """A command of the table `name`: a program and its arguments, without a shell; None when absent or wrong."""
    table = reader.document.get(name)
    value = table.get(key) if isinstance(table, dict) else None
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value) or not value[0]:
        reader.report((name, key), "must be a list of texts: a program and its arguments")
        return None
    for index, item in enumerate(value):
        if "\0" in item:
            reader.report((name, key, index), "holds a zero byte")
        if ".." in item.split("/"):
            reader.report((name, key, index), f'"{item}" leaves the bundle; name a file under files/')
        elif item.startswith("files/") and not any(
            name == item or name.startswith(item.rstrip("/") + "/") for name in reader.files
        ):
            reader.report((name, key, index), f'"{item}" is not a file of the bundle')
    return tuple(value)


def _script(reader: Reader, table: dict[str, Any]) -> ScriptRun | None:
    argv = parse_argv(reader, "run", "argv")
    control = parse_argv(reader, "run", "control")
    stdin = reader.text("run", "stdin", limit=500)
    if stdin is not None and stdin not in reader.files:
        reader.report(("run", "stdin"), f'"{stdin}" is not a file of the bundle; name one under files/')
    if argv is None:
        if "argv" not in table:
            reader.report(("run",), 'needs the key "argv"')
        return None
    return ScriptRun(argv, control, stdin)


def _steps(reader: Reader, table: dict[str, Any], prefix: str, grammar: Grammar) -> tuple[dict[str, Any], ...] | None:
    """The steps of the trigger (prefix "") or of the control (prefix "control_"); None where there are none."""
    key = f"{prefix}step"
    if key in table:
        check_steps(table[key], ("run", key), grammar, reader.report)
        return tuple(table[key]) if isinstance(table[key], list) else None
    if "call" not in table or (prefix and not {"control_args", "control_kwargs"} & table.keys()):
        return None
    step: dict[str, Any] = {"call": table["call"]}
    for part in ("args", "kwargs"):
        if prefix + part in table:
            step[part] = table[prefix + part]
    problems = len(reader.problems)
    check_steps([step], ("run",), grammar, lambda path, message: reader.report(("run", *path[2:]), message))
    return (step,) if len(reader.problems) == problems else None


def _call(reader: Reader, table: dict[str, Any], grammar: Grammar) -> CallRun | None:
    if ("call" in table) == ("step" in table):
        reader.report(("run",), "needs exactly one of: call, step (form 1), argv (form 2)")
        return None
    if "step" in table and {"args", "kwargs", "control_args", "control_kwargs"} & table.keys():
        reader.report(("run",), "args and control_args go with call; with steps, write [[run.control_step]]")
    steps, control = _steps(reader, table, "", grammar), _steps(reader, table, "control_", grammar)
    env = _env(reader, table)
    show = table.get("show", ["$result"])
    if not isinstance(show, list) or not show:
        reader.report(("run", "show"), 'must be a list of bound names such as ["$result"]')
        show = ["$result"]
    for index, name in enumerate(show):
        check_reference(name, ("run", "show", index), grammar, reader.report)
    if steps is None:
        return None
    return CallRun(steps, control, env, tuple(show))


def _env(reader: Reader, table: dict[str, Any]) -> dict[str, str]:
    env = table.get("env", {})
    if not isinstance(env, dict):
        reader.report(("run", "env"), "must be a table of texts")
        return {}
    for name, value in env.items():
        if name not in ENV_NAMES:
            reader.report(("run", "env", name), f'"{name}" may not be set; allowed: {", ".join(sorted(ENV_NAMES))}')
        elif not isinstance(value, str) or "\0" in value:
            reader.report(("run", "env", name), "must be a text without a zero byte")
        else:
            for path in _FILE_REFERENCE.findall(value):
                if path not in reader.files or not path.startswith("files/"):
                    reader.report(("run", "env", name), f'"{path}" is not a file of the bundle')
    return {name: value for name, value in env.items() if isinstance(value, str)}


def parse_oracle(reader: Reader, run: CallRun | ScriptRun | None, language: str) -> OracleSpec | None:
    """The [oracle] table, with parameters that belong to the oracle named."""
    table = reader.table("oracle", required=True)
    if not table:
        return None
    try:
        name = OracleName(str(table.get("name")))
    except ValueError:
        names = ", ".join(OracleName)
        reader.report(("oracle", "name"), f"{table.get('name')!r} is not an oracle of this prover; it has: {names}")
        return None
    for key, owners in ORACLE_KEYS.items():
        if key in table and name not in owners:
            reader.report(("oracle", key), f"belongs to the oracle {' or '.join(owners)}, not to {name}; remove it")
    if name is OracleName.PREDICATE and "insecure" not in table:
        reader.report(("oracle",), 'needs the key "insecure", a regular expression')
    if name is OracleName.POLLUTION:
        _check_pollution(reader, run, language)
    budget = table.get("budget_seconds", 1.0)
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0.1 <= budget <= 30:  # noqa: PLR2004
        reader.report(("oracle", "budget_seconds"), "must be a number of CPU seconds from 0.1 to 30")
        budget = 1.0
    if isinstance(run, CallRun) and uses_size([run.steps, run.control_steps or ()]):
        if name not in SIZED:
            sized = " and ".join(SIZED)
            reader.report(("run",), f"uses $size, which has a meaning only under the oracles {sized}, not under {name}")
        elif not uses_size(run.steps):
            reader.report(("run",), "uses $size in the control alone; the trigger must grow with it too")
    _check_canaries(reader, run, name)
    carrying = table.get("carrying")
    if carrying not in {None, "secret"}:
        reader.report(("oracle", "carrying"), 'must be "secret", or be left out')
    return OracleSpec(
        name,
        insecure=_pattern(reader, table, "insecure"),
        secure=_pattern(reader, table, "secure"),
        budget_seconds=float(budget),
        budget_mib=_budget_mib(reader, table) if name is OracleName.MEMORY else 64.0,
        sizes=_sizes(reader, table, run),
        type=_type(reader, table, run) if name is OracleName.EXCEPTION else None,
        carrying=carrying is not None,
    )


def _budget_mib(reader: Reader, table: dict[str, Any]) -> float:
    """How much must be held; a run is killed at its limit, so the limit must leave room for it."""
    limit = reader.document.get("run", {}).get("memory_mib", 1024)
    most = limit / 2 if isinstance(limit, int | float) else MEMORY_MIB[1]
    value = table.get("budget_mib", min(64.0, most))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 8 <= value <= most:  # noqa: PLR2004
        reader.report(("oracle", "budget_mib"), f"must be a number from 8 to {most:g}, half of run.memory_mib")
        return 64.0
    return float(value)


def _type(reader: Reader, table: dict[str, Any], run: CallRun | ScriptRun | None) -> str | None:
    """The class of exception that must be seen."""
    if isinstance(run, ScriptRun):
        advice = "write it as steps, or judge what the script prints with the oracle predicate"
        reader.report(("oracle", "name"), f"exception needs form 1: a script's traceback is its own word; {advice}")
    value = table.get("type")
    if not isinstance(value, str) or not _CLASS.fullmatch(value):
        reader.report(("oracle", "type"), 'must name a class of exception: "module.Class", or "Class" alone')
        return None
    if value.rpartition(".")[2] in {"Exception", "BaseException", "object"}:
        reader.report(("oracle", "type"), f"{value} is every exception; name the one that must be seen")
    return value


def _check_canaries(reader: Reader, run: CallRun | ScriptRun | None, name: OracleName) -> None:
    """A placeholder that stands for nothing would be passed on as it is written, and the proof be silent for it."""
    if isinstance(run, CallRun):
        texts: list[Any] = [run.steps, run.control_steps or (), dict(run.env)]
    else:
        texts = [run.argv, run.control or ()] if run is not None else []
    for unknown in dict.fromkeys(unknown_canaries(name, texts)):
        known = ", ".join(canaries_of(name))
        reader.report(("run",), f"{{{{canary.{unknown}}}}} is no canary under the oracle {name}; there are: {known}")


def _check_pollution(reader: Reader, run: CallRun | ScriptRun | None, language: str) -> None:
    """Prototypes are JavaScript's, and only our own harness can be believed about those of its process."""
    if language != "node":
        reader.report(
            ("oracle", "name"), f"pollution is of JavaScript's prototypes; this target's language is {language}"
        )
    elif isinstance(run, ScriptRun):
        reason = "a script can pollute its own process, and nobody else can look into it; write call or step (form 1)"
        reader.report(("oracle", "name"), f"pollution cannot judge argv: {reason}")


def _pattern(reader: Reader, table: dict[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value or len(value) > _MAX_PATTERN:
        reader.report(("oracle", key), f"must be a regular expression of 1 to {_MAX_PATTERN} characters")
        return None
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        reader.report(("oracle", key), f"is not a regular expression: {error}")
        return None
    return value


def _sizes(reader: Reader, table: dict[str, Any], run: CallRun | ScriptRun | None) -> tuple[int, ...] | None:
    sizes = table.get("sizes")
    if sizes is None:
        return None
    good = isinstance(sizes, list) and 3 <= len(sizes) <= 24 and all(type(n) is int and n > 0 for n in sizes)  # noqa: PLR2004
    if not good or sorted(set(sizes)) != sizes:
        reader.report(("oracle", "sizes"), "must be a list of 3 to 24 growing whole numbers")
        return None
    if sizes[-1] < _LEAST_SPREAD * sizes[0]:
        least = f"the last must be at least {_LEAST_SPREAD} times the first"
        reader.report(("oracle", "sizes"), f"lie too near to each other to tell growth from noise; {least}")
    if not isinstance(run, CallRun) or not uses_size(run.steps):
        reader.report(("oracle", "sizes"), "needs form 1 with $size in its values; remove it")
        return None
    return tuple(sizes)
