"""Every module can be the first that a process imports: no circle that holds only as long as others came before."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.architecture.source import PACKAGE, package_files

ROOMS = {"advisories", "cases", "intake", "journal", "proofs", "registry", "traffic"}
# Forks once for each module, so that none finds what another brought along.
SCRIPT = """
import importlib, os, sys
from clearinghouse.bootstrap import wiring
wiring.start()
for name in sys.stdin.read().split():
    child = os.fork()
    if child == 0:
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"{name}: {error}", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_every_module_of_a_room_can_be_imported_first() -> None:
    modules = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in package_files()
        if path.relative_to(PACKAGE).parts[0]
        in {"cases", "intake", "proofs", "registry", "journal", "advisories", "traffic"}
        and "migrations" not in path.parts
    ]
    assert "clearinghouse.cases.jobs" in modules
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input="\n".join(modules),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert done.stdout == ""
