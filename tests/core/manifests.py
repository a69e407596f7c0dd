"""A sound manifest of each form, to be spoilt one line at a time."""

from __future__ import annotations

import pytest

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest_parser import parse_manifest

CALL = """\
schema = "clearinghouse.proof/1"

[claim]
title = "walk() never ends"
weakness = ["CWE-835"]
aliases = ["CVE-2000-0001"]
severity = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"

[target]
package = "pkg:pypi/Some_Package"
vulnerable = "1.0"
fixed = "1.1"
with = ["pkg:pypi/six@1.16.0"]

[runtime]
version = "3.11"

[run]
call = "some.package:walk"
args = ["{{canary.token}}", { "$text" = "files/input.txt" }]
control_args = ["plain"]
env = { HOME = "{{path:files/input.txt}}" }
wall_seconds = 10

[oracle]
name = "predicate"
insecure = "endless"
"""

STEPS = """\
schema = "clearinghouse.proof/1"

[claim]
title = "read() grows with its input"

[target]
package = "pkg:pypi/thing"
vulnerable = "1.0"
fixed = "1.1"

[run]
show = ["$reader.state"]

[[run.step]]
call = "thing:Reader"
as = "reader"

[[run.step]]
call = "$reader.read"
args = [{ "$rep" = ["a", { "$size" = 2 }] }]

[oracle]
name = "cpu"
sizes = [8, 16, 32]
"""

SCRIPT = """\
schema = "clearinghouse.proof/1"

[claim]
title = "load() starts programs"

[target]
package = "pkg:pypi/thing"
vulnerable = "1.0"

[run]
argv = ["python", "files/trigger.py"]
control = ["python", "files/trigger.py", "benign"]
stdin = "files/input.txt"

[oracle]
name = "exec"
"""

FILES = ("proof.toml", "files/input.txt", "files/trigger.py", "files/fix.patch")


def problems_of(text: str, files: tuple[str, ...] = FILES) -> list[str]:
    """What the parser has against a manifest; it must have something."""
    with pytest.raises(InvalidBundle) as caught:
        parse_manifest(text, files)
    assert caught.value.problems
    return list(caught.value.problems)


def spoilt(text: str, old: str, new: str) -> str:
    """`text` with its one `old` replaced."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def line_of(text: str, part: str) -> int:
    """The 1-based line that holds `part`."""
    return text[: text.index(part)].count("\n") + 1
