"""Bundles for tests of suites, as values: nothing of them is run here."""

from __future__ import annotations

from clearinghouse.evaluation.suites.material import Material
from clearinghouse.prover.bundle import from_files

MANIFEST = """\
schema = "clearinghouse.proof/1"

[claim]
title = "parse of fake runs what it is given, see CVE-2020-12345"
summary = "Anything after a colon is started, said GHSA-aaaa-bbbb-cccc."
weakness = ["CWE-78"]
aliases = ["CVE-2020-12345", "OUR-7"]

[target]
package = "pkg:pypi/fake"
vulnerable = "1.0.1"
fixed = "1.0.2"

[[run.step]]
call = "fake:Reader"
as = "reader"

[[run.step]]
call = "$reader.parse"
args = ["command:{{canary.exec}} --quietly", { "$read" = "files/evil.bin" }, 7]
kwargs = { strict = false }

[[run.control_step]]
call = "fake:Reader"
as = "reader"

[[run.control_step]]
call = "$reader.parse"
args = ["text", { "$read" = "files/plain.bin" }, 7]
kwargs = { strict = false }

[oracle]
name = "exec"
"""
FILES = {"files/evil.bin": b"\x00evil enough to be seen", "files/plain.bin": b"plain"}
FIX = b"""\
--- a/fake/__init__.py
+++ b/fake/__init__.py
@@ -1,3 +1,3 @@
 class Reader:
-    def parse(self, text):
+    def parse_nothing_at_all(self, text):
         pass
"""


def material(manifest: str = MANIFEST, *, fix: bytes = FIX) -> Material:
    """The bundle of `manifest` with two files, as a suite keeps it."""
    bundle = from_files({**FILES, "proof.toml": manifest.encode()})
    return Material(bundle, "fake:Reader.parse at raise Refused(text)", "the canary executable was started", fix)
