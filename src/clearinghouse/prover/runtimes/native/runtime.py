"""Native targets as a runtime: source built in the sandbox by the finder's recipe, programs of $OUT run by argv."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.plain_recipe import COMPILERS
from clearinghouse.prover import sanitizers
from clearinghouse.prover.building.sandboxed import OUT, Order, build_in
from clearinghouse.prover.building.sources import files_below
from clearinghouse.prover.building.toolchain import toolchain_for
from clearinghouse.prover.installed import Installed
from clearinghouse.prover.runtimes.interface import DOOR, TREE, ProvisionError, Shown, Start
from clearinghouse.prover.runtimes.native.sources import source_of
from clearinghouse.prover.runtimes.native.variants import edits_for
from clearinghouse.prover.sandbox.interface import HOME, Bind, File
from clearinghouse.prover.trees import link_tree, open_to_read, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.core.manifest import Build, Manifest, ScriptRun, Target
    from clearinghouse.core.proof import Variant
    from clearinghouse.prover.building.toolchain import Toolchain
    from clearinghouse.prover.runtimes.interface import Workbench

_FORMAT: Final = "1"
_ENGINE: Final = "/opt/clearinghouse/standalone.c"
_HERE: Final = Path(__file__).parent
_KNOCK_SECONDS: Final = 60
# A program that cannot be started is the bundle's affair, not the sandbox's: the shell says so and exits with 127.
_START: Final = ("/bin/sh", "-c", 'exec "$@"', "sh")


@dataclass(frozen=True, slots=True)
class NativeRuntime:
    """Builds one bundle's target with one compiler, by the recipe in `build`."""

    workbench: Workbench
    toolchain: Toolchain
    build: Build
    target: Target

    @property
    def label(self) -> str:
        """As shown with a verdict: the compiler and its version."""
        return self.toolchain.label

    def install(self, target: Target, version: str) -> Installed:
        """The target at `version`, built once. Raises ProvisionError."""
        source = source_of(self.workbench, target, version)
        return self._built(source.root, source.identity, version)

    def fault(self, installed: Installed, target: Target) -> str | None:
        """Why a bundle's companions may not stand beside the target, or None."""
        del installed
        return "target.with: native targets have no companions; remove it" if target.companions else None

    def variant(self, base: Installed, variant: Variant, other_version: str | None = None) -> Installed:
        """A control made of a release, once. One that does not build has an empty tree: nothing in it can fire."""
        assert base.source is not None
        other = None
        if other_version is not None:
            other = source_of(self.workbench, self.target, other_version).root
        versions = (base.version, other_version or base.version)
        edits = edits_for(variant, base.source, base.sources, versions, other)
        changed = self._changed(base.digest, edits)
        place = self.workbench.cache.root / "sources" / f"{variant.value}-{changed[:24]}"
        if not place.is_dir():
            with self.workbench.cache.lock(place.name):
                if not place.is_dir():
                    with self.workbench.cache.workshop(place) as folder:
                        _write_source(base, edits, folder / "source")
        identity = f"{variant.value} of {base.digest}: {changed}"
        try:
            return self._built(place / "source", identity, base.version)
        except ProvisionError as error:
            if error.kind != "build_failed":
                raise
        empty = place / "nothing"
        empty.mkdir(exist_ok=True, mode=0o755)
        return replace(base, tree=empty, digest=changed, resolved=identity)

    def edited(self, base: Installed, edits: Mapping[str, bytes | None], place: Path) -> Installed:
        """`base` built anew from its source with edits, at the new folder `place`. Raises ProvisionError."""
        place.mkdir(mode=0o755)
        source = place / "source"
        _write_source(base, edits, source)
        record = f"edited {base.digest}: {self._changed(base.digest, edits)}"
        build_in(self.workbench.sandbox, self._order(source), place / "tree")
        return self._installed(place / "tree", source, record, base.version)

    def shown(self, tree: Installed) -> Shown:
        """What was built, its programs on PATH before the system's."""
        environment = {
            "PATH": f"{TREE}:{TREE}/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": f"{TREE}:{TREE}/lib",
            "OUT": TREE,
        }
        return Shown((Bind(tree.tree, TREE),), environment)

    def canary(self, path: str, token: str) -> tuple[File, ...]:
        """A small program that knocks."""
        beside = str(Path(path).with_name("token"))
        return File(path, self._knock(beside), 0o555), File(beside, token.encode())

    def call(self, job: Mapping[str, Any]) -> Start:
        """Form 1 is refused when the manifest is read."""
        raise AssertionError(f"native targets have no form 1: {sorted(job)}")

    def script(self, argv: tuple[str, ...], stdin: bytes, watch: Mapping[str, Any], run: ScriptRun) -> Start:
        """Form 2: a program of $OUT, or of the system's; {{out}} stands for where $OUT is."""
        del watch, run
        filled = tuple(part.replace("{{out}}", TREE) for part in argv)
        if self.build.sanitizer == "none":
            return Start((*_START, *filled), stdin)
        return Start(sanitizers.started(filled, self.toolchain, self.build.sanitizer, preload=False), stdin)

    def _built(self, source: Path, identity: str, version: str) -> Installed:
        record = f"{identity}\n{self._recipe()}"
        key = hashlib.sha256(record.encode()).hexdigest()
        place = self.workbench.cache.root / "built" / key[:32]
        if not place.is_dir():
            with self.workbench.cache.lock(f"built-{place.name}"):
                if not place.is_dir():
                    with self.workbench.cache.workshop(place) as folder:
                        build_in(self.workbench.sandbox, self._order(source), folder / "out")
        return self._installed(place / "out", source, record, version)

    def _installed(self, tree: Path, source: Path, record: str, version: str) -> Installed:
        digest = hashlib.sha256(record.encode()).hexdigest()
        own = files_below(source)
        return Installed(tree, version, digest, own, "", record, source, own)

    def _recipe(self) -> str:
        """Everything beside the source that determines a build."""
        files = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(self._files().items())}
        facts = [_FORMAT, self.toolchain.label, self.build.sanitizer, self.build.run, files]
        return json.dumps([*facts, hashlib.sha256((_HERE / "standalone.c").read_bytes()).hexdigest()])

    def _changed(self, digest: str, edits: Mapping[str, bytes | None]) -> str:
        whole = hashlib.sha256(digest.encode())
        for path, content in sorted(edits.items()):
            whole.update(f"\n{path} {'-' if content is None else hashlib.sha256(content).hexdigest()}".encode())
        return whole.hexdigest()

    def _files(self) -> dict[str, bytes]:
        return {path: content for path, content in self.workbench.files.items() if path.startswith("files/")}

    def _order(self, source: Path) -> Order:
        """The finder's recipe as a build: OSS-Fuzz's variables, the bundle's files where runs have them too."""
        assert self.build.run is not None
        environment = {
            **self.toolchain.environment(self.build.sanitizer, shared=False),
            "LIB_FUZZING_ENGINE": _ENGINE,
            "SANITIZER": self.build.sanitizer,
            "ARCHITECTURE": os.uname().machine,
            "FUZZING_LANGUAGE": "c++",
        }
        argv = tuple(f"{HOME}/{part}" if part.startswith("files/") else part for part in self.build.run)
        if argv[0] in COMPILERS:
            variable = "$CC" if argv[0] == COMPILERS[0] else "$CXX"
            flags = "$CFLAGS" if argv[0] == COMPILERS[0] else "$CXXFLAGS"
            named = [f"{OUT}/{part}" if before == "-o" else part for before, part in pairwise(argv)]
            # Patterns of sources are expanded by the shell.
            argv = ("/bin/sh", "-c", f'exec "{variable}" {flags} $* $LDFLAGS', "sh", *named)
        given = tuple(
            File(f"{HOME}/{path}", content, 0o755 if content.startswith(b"#!") else 0o644)
            for path, content in self._files().items()
        )
        engine = File(_ENGINE, (_HERE / "standalone.c").read_bytes())
        return Order(source, argv, environment, files=(*given, engine))

    def _knock(self, token: str) -> bytes:
        """The canary program, compiled once; it is our own code, so the host may do it."""
        source = _HERE / "knock.c"
        facts = json.dumps([self.toolchain.label, token, DOOR, hashlib.sha256(source.read_bytes()).hexdigest()])
        place = self.workbench.cache.root / "knock" / hashlib.sha256(facts.encode()).hexdigest()[:32]
        if not place.is_dir():
            with self.workbench.cache.lock(f"knock-{place.name}"):
                if not place.is_dir():
                    with self.workbench.cache.workshop(place) as folder:
                        defined = [f'-DDOOR="{DOOR}"', f'-DTOKEN="{token}"']
                        subprocess.run(
                            [self.toolchain.cc, "-O1", *defined, "-o", str(folder / "knock"), str(source)],
                            check=True,
                            capture_output=True,
                            timeout=_KNOCK_SECONDS,
                        )
        return (place / "knock").read_bytes()


def _write_source(base: Installed, edits: Mapping[str, bytes | None], source: Path) -> None:
    """A copy of a source with edits; times stay as they were, since make decides by them what to do again."""
    assert base.source is not None
    link_tree(base.source, source, lambda path: path in edits)
    for path, content in edits.items():
        if content is None:
            continue
        old = base.source / path
        known = old.stat() if old.is_file() else None
        write_file(source / path, content, 0o755 if known is not None and known.st_mode & 0o100 else 0o644)
        if known is not None:
            shutil.copystat(old, source / path)
    open_to_read(source)


def native_runtimes(manifest: Manifest, workbench: Workbench) -> tuple[NativeRuntime, ...]:
    """The compiler that fits a bundle, clang before gcc. Raises RuntimeMissing with what to install."""
    assert manifest.build is not None
    toolchain = toolchain_for(manifest.build.sanitizer)
    return (NativeRuntime(workbench, toolchain, manifest.build, manifest.target),)
