"""Writes the beginning of a proof bundle: commented, and already one that parses. An oracle is one entry of ORACLES."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from clearinghouse.core.manifest import MANIFEST_NAME, SCHEMA
from clearinghouse.core.manifest_parser import parse_manifest
from clearinghouse.core.proof import OracleName

if TYPE_CHECKING:
    from collections.abc import Mapping

_WIDTH = 100
WRONG, ORDINARY = "an input that goes wrong", "an ordinary input"


class Form(StrEnum):
    """Whose code a proof runs."""

    CALL = "call"  # form 1: our harness calls the target with the finder's data
    SCRIPT = "script"  # form 2: the finder's script


@dataclass(frozen=True, slots=True)
class Oracle:
    """What a skeleton for one oracle says: `effect` completes "fires when …", `weakness` is an example's CWE id.

    The input that goes wrong is the placeholder of a canary ("exec" for {{canary.exec}} and CANARY_EXEC), or `repeat`,
    a text and how often it is given (`grows`: as often as the prover says), or a `value` in TOML, or else a text.
    `parameters` are further lines of [oracle].
    """

    effect: str
    weakness: str
    canary: str = ""
    repeat: tuple[str, int] | None = None
    grows: bool = False
    value: str = ""
    parameters: str = ""


ORACLES: Mapping[OracleName, Oracle] = {
    OracleName.PREDICATE: Oracle(
        effect="`insecure` matches what the call gave back (returned <repr>, or raised <class>: <message>), or what the"
        " script printed",
        weakness="CWE-20",
        parameters='insecure = "goes wrong"  # a regular expression that matches only when the weakness shows\n',
    ),
    OracleName.CPU: Oracle(
        effect="CPU time grows faster than the input, or far beyond what the fixed release and the control take",
        weakness="CWE-1333",
        repeat=("@", 100_000),
        grows=True,
        parameters="budget_seconds = 0.5  # CPU seconds that the largest input must take\n",
    ),
    OracleName.SIGNAL: Oracle(
        effect="the process dies of SEGV, BUS, ILL, FPE or ABRT", weakness="CWE-119", repeat=("[", 100_000)
    ),
    OracleName.RECURSION: Oracle(
        effect="the stack overflows, or a RecursionError leaves the target", weakness="CWE-674", repeat=("[", 100_000)
    ),
    OracleName.WRITE: Oracle(
        effect="the forbidden path exists after the run", weakness="CWE-22", canary="write"
    ),
    OracleName.READ: Oracle(
        effect="the content of the secret file appears in what the run puts out", weakness="CWE-22", canary="read"
    ),
    OracleName.EXEC: Oracle(
        effect="the canary program is started", weakness="CWE-78", canary="exec"
    ),
    OracleName.MEMORY: Oracle(
        effect="the run holds more and more memory as its input grows, or far more than with the fixed release and the"
        " control",
        weakness="CWE-770",
        repeat=("@", 100_000),
        grows=True,
        parameters="budget_mib = 64  # MiB that the largest input must take\n",
    ),
    OracleName.EXCEPTION: Oracle(
        effect="an exception of the class named leaves the target uncaught",
        weakness="CWE-248",
        parameters='type = "IndexError"  # "Class", or "module.Class"; its subclasses count\n',
    ),
    OracleName.CONNECT: Oracle(
        effect="the decoy is reached: a server on the run's own loopback, answered for from outside",
        weakness="CWE-918",
        canary="url",
        parameters='# carrying = "secret"  # fires only when the decoy is sent {{canary.secret}}\n',
    ),
    OracleName.SANITIZER: Oracle(
        effect="the address sanitizer reports an error in the target's own code, which is built from source with it",
        weakness="CWE-787",
        repeat=("[", 100_000),
        parameters='\n# How the target is built: from its source, by our recipe.\n[build]\nsanitizer = "address"\n',
    ),
    OracleName.POLLUTION: Oracle(
        effect="a fresh object inherits {{canary.token}} from its prototype; Node only, and no scripts",
        weakness="CWE-1321",
        value='{ "__proto__" = { polluted = "{{canary.token}}" } }',
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Language:
    """How scripts of one language look: `canary` reads the variable {name}, for which `imports` is needed.

    `script` has the places {about}, {imports}, {module}, {package}, {wrong} and {ordinary}.
    """

    program: str
    file: str
    canary: str
    repeat: str  # {text} and {count}
    script: str
    imports: str = ""


LANGUAGES: Mapping[str, Language] = {
    "pypi": Language(
        program="python",
        file="files/trigger.py",
        canary='os.environ["{name}"]',
        repeat="{text} * {count:_}",
        script='''\
"""{about}"""

{imports}import sys

import {module}  # the effect must come about through the target, not through this script

given = {ordinary} if "benign" in sys.argv else {wrong}
print({module}.FUNCTION(given))
''',
        imports="import os\n",
    ),
    "npm": Language(
        program="node",
        file="files/trigger.js",
        canary="process.env.{name}",
        repeat="{text}.repeat({count:_})",
        script="""\
// {about}
const target = require({package}); // the effect must come about through the target, not through this script

const given = process.argv.includes("benign") ? {ordinary} : {wrong};
console.log(target.FUNCTION(given));
""",
    ),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a finder wants to prove: a package URL without version, the releases, how, and what must be seen."""

    package: str
    vulnerable: str
    oracle: OracleName
    fixed: str | None = None
    form: Form = Form.CALL


def skeleton(wish: Wish) -> dict[str, str]:
    """The files of a new bundle, path to text. Raises InvalidBundle where the wish itself breaks the format."""
    ecosystem, _, name = unquote(wish.package.removeprefix("pkg:")).partition("/")
    language = LANGUAGES.get(ecosystem, LANGUAGES["pypi"])
    oracle = ORACLES[wish.oracle]
    module = re.sub(r"\W", "_", name.rpartition("/")[2], flags=re.ASCII) or "module"
    if ecosystem == "npm":
        module = name or "module"  # as `require` names it
    files = {}
    if wish.form is Form.SCRIPT:
        run = _SCRIPT.format(program=language.program, file=language.file)
        files[language.file] = _script(language, oracle, module, name)
    else:
        run = _CALL.format(module=module, wrong=_wrong_value(oracle), ordinary=_toml(ORDINARY), notes=_notes(oracle))
    files[MANIFEST_NAME] = _MANIFEST.format(
        schema=SCHEMA,
        weakness=oracle.weakness,
        ecosystem=ecosystem,
        package=_toml(wish.package),
        vulnerable=_toml(wish.vulnerable),
        fixed=f"fixed = {_toml(wish.fixed)}" if wish.fixed else '# fixed = "the release that fixes it"',
        run=run,
        effect=textwrap.fill(f"{oracle.effect}.", _WIDTH, initial_indent="# ", subsequent_indent="# "),
        oracle=wish.oracle.value,
        parameters=oracle.parameters,
    )
    parse_manifest(files[MANIFEST_NAME], files)
    return files


def _toml(text: str) -> str:
    return json.dumps(text)


def _wrong_value(oracle: Oracle) -> str:
    """The input that goes wrong, as a value of form 1."""
    if oracle.value:
        return oracle.value
    if oracle.canary:
        return f'"{{{{canary.{oracle.canary}}}}}"'
    if oracle.repeat:
        text, count = oracle.repeat
        times = '{ "$size" = 1 }' if oracle.grows else str(count)
        return f'{{ "$rep" = [{_toml(text)}, {times}] }}'
    return _toml(WRONG)


def _notes(oracle: Oracle) -> str:
    """What a reader must know of the values."""
    if oracle.grows:
        return (
            "# $size is a number that the prover chooses, small at first, then larger; $rep repeats a text as often.\n"
        )
    if oracle.canary:
        return f"# {{{{canary.{oracle.canary}}}}} becomes in each run what must not be touched, fresh and random.\n"
    return ""


def _script(language: Language, oracle: Oracle, module: str, package: str) -> str:
    wrong = _toml(WRONG)
    if oracle.canary:
        wrong = language.canary.format(name=f"CANARY_{oracle.canary.upper()}")
    elif oracle.repeat:
        wrong = language.repeat.format(text=_toml(oracle.repeat[0]), count=oracle.repeat[1])
    return language.script.format(
        about=f'Say in one line what this does. Given "benign", it does the same with {ORDINARY}.',
        imports=language.imports if oracle.canary else "",
        module=module,
        package=_toml(package),
        wrong=wrong,
        ordinary=_toml(ORDINARY),
    )


_MANIFEST = """\
# A proof bundle. Every key stands in docs/reference/bundle.md; unknown keys are errors.
schema = "{schema}"

# What you claim. It is shown as your claim, and decides nothing.
[claim]
title = "What goes wrong, in one line"
weakness = ["{weakness}"]
# aliases = ["CVE-2021-33503"]
# severity = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
# summary = "What is wrong, who can reach it, and what follows."

# What it is about: one exact release that has the weakness, and the one that fixes it.
[target]
package = {package}
vulnerable = {vulnerable}
{fixed}
# with = ["pkg:{ecosystem}/NAME@1.2.3"]  # other packages that must be there, at exact versions

{run}
# What must be seen. This oracle fires when
{effect}
[oracle]
name = "{oracle}"
{parameters}"""

_CALL = """\
# What to run: our harness imports the module and calls the function with your values. No code of yours is run.
{notes}[run]
call = "{module}:FUNCTION"  # "module:function" or "module:Class.method", in the target's own files
args = [{wrong}]
control_args = [{ordinary}]  # the same call with something harmless: the oracle must stay silent
"""

_SCRIPT = """\
# What to run: your script, without a shell, in a folder that is empty but for files/. A script reaches grade B at best,
# and a person has to confirm it; where a call or a few steps can do it, use those.
[run]
argv = ["{program}", "{file}"]
control = ["{program}", "{file}", "benign"]  # the same with something harmless: the oracle must stay silent
"""
