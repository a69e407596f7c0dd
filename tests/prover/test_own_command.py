"""The target's own command: grade A, under every control of a script, and only where the finder sends no code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.proof import Grade, Input, Variant, Verdict
from clearinghouse.core.verdict import CONFIRM_COMMAND, CONFIRM_SCRIPT
from clearinghouse.prover.builds import Builds
from clearinghouse.prover.bundle import Bundle, from_files
from clearinghouse.prover.commands import is_own_command
from clearinghouse.prover.prove import prove
from tests.prover.targets import FIXED, INIT, VULNERABLE, HandMade, installed

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.manifest import Target
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

MANIFEST = """\
schema = "clearinghouse.proof/1"
[claim]
title = "the command evaluates its argument"
[target]
package = "pkg:pypi/fake"
vulnerable = "1.0.1"
fixed = "1.0.2"
[run]
argv = ["python", "-m", "{module}", "__import__('os').mkdir('{{{{canary.write}}}}')"]
control = ["python", "-m", "{module}", "17"]
[oracle]
name = "write"
"""
MAIN = "import sys\n\nfrom fake.load import load\n\nload(sys.argv[1])\n"


class WithCommand(HandMade):
    """The two releases, each with a command."""

    __slots__ = ()

    def install(self, target: Target, version: str) -> Installed:
        """A release, fixed from 1.0.2 on."""
        body = VULNERABLE if version < "1.0.2" else FIXED
        sources = {"fake/__init__.py": INIT.format(version=version), "fake/load.py": body, "fake/__main__.py": MAIN}
        return installed(self.cache.root / "commands" / f"{target.name}-{version}", version, sources)


def bundle_of(module: str, **files: bytes) -> Bundle:
    named = {f"files/{name.replace('__', '.')}": content for name, content in files.items()}
    return from_files({"proof.toml": MANIFEST.format(module=module).encode(), **named})


def builds_of(bundle: Bundle, runtime: HandMade) -> Builds:
    command, target = WithCommand(runtime.cache, runtime.interpreter), bundle.manifest.target
    return Builds(command, command.install(target, "1.0.1"), command.install(target, "1.0.2"))


@pytest.mark.sandbox
def test_a_command_of_the_targets_reaches_grade_a_under_the_controls_of_a_script(
    prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path
) -> None:
    bundle = bundle_of("fake", settings__ini=b"[x]\n")
    result = prove(bundle, builds_of(bundle, runtime), prover_sandbox, tmp_path / "bundles")
    assert (result.verdict, result.grade) == (Verdict.PROVEN, Grade.A), result.reasons
    assert CONFIRM_COMMAND in result.confirm
    assert CONFIRM_SCRIPT not in result.confirm
    ran = {row.variant for row in result.matrix if row.input is Input.TRIGGER}
    assert {Variant.NULL_TARGET, Variant.F_NAMED_V, Variant.V_NAMED_F, Variant.V_RESPELT} <= ran
    assert result.function == "fake.load:load"


@pytest.mark.parametrize(
    ("bundle", "own"),
    [
        (bundle_of("fake"), True),
        (bundle_of("fake.load"), True),
        (bundle_of("fake", input__txt=b"data"), True),
        (bundle_of("fake", hook__py=b"pass"), False),
        (bundle_of("fake", hook__txt__tmpl=b"pass"), False),
        (bundle_of("helper"), False),
        (bundle_of("timeit"), False),
        (bundle_of("fake.absent"), False),
    ],
)
def test_what_counts_as_the_targets_own_command(bundle: Bundle, own: bool, runtime: HandMade) -> None:
    assert is_own_command(bundle, builds_of(bundle, runtime).vulnerable) is own
