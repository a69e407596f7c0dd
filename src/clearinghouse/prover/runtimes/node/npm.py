"""Runs npm so that a user's own settings change nothing but where packages come from: registry, proxy, authorities."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.runtimes.node.executables import all_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_TIMEOUT = 300
_OLDEST = 7  # the first whose lock file names each package's place
# The settings that say where packages come from and whom to trust; credentials belong to their registry's host.
_HONOURED = re.compile(
    r"registry|cafile|ca(\[\])?|cert|key|https?-proxy|proxy|noproxy|strict-ssl|@[^:]+:registry|//.+:(_auth\w*|username|"
    r"_password|email|certfile|keyfile)",
    re.IGNORECASE,
)
_NO_RELEASE = {"E404", "ETARGET", "ENOVERSIONS", "ERESOLVE", "EINVALIDPACKAGENAME", "EINVALIDTAGNAME"}
_UNSUPPORTED = {"EBADPLATFORM", "EBADENGINE"}


@dataclass(frozen=True, slots=True)
class Npm:
    """One npm with the Node that runs it."""

    node: Path
    script: Path
    version: str
    node_version: str
    settings: str  # what the operator's own files say of registries, as lines of an npmrc

    def run(self, arguments: Sequence[str], folder: Path, about: str) -> str:
        """Run npm in `folder` (its home lies there too) and give what it says. Raises ProvisionError."""
        home = folder / ".home"
        home.mkdir(exist_ok=True)
        (home / "npmrc").write_text(self.settings, encoding="utf-8")
        (home / "npmrc").chmod(0o600)
        (home / "global").touch()
        environment = {
            **_environment(os.environ),
            "HOME": str(home),
            "npm_config_userconfig": str(home / "npmrc"),
            "npm_config_globalconfig": str(home / "global"),
            "npm_config_update_notifier": "false",
            "npm_config_fetch_retries": "2",
            "npm_config_fetch_retry_maxtimeout": "10000",
        }
        command = [str(self.node), str(self.script), *arguments, "--json"]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT, check=False, env=environment
            )
        except subprocess.TimeoutExpired:
            raise ProvisionError(f"npm took longer than {_TIMEOUT} s for {about}; run again", "infra") from None
        finally:
            shutil.rmtree(home, ignore_errors=True)
        if done.returncode:
            raise fault(done.stdout, done.stderr, about)
        return done.stdout


def fault(stdout: str, stderr: str, about: str) -> ProvisionError:
    """What npm's failure means: its code stands in the JSON that it prints, else in its words."""
    code, words = "", " ".join(stderr.split())
    try:
        error = json.loads(stdout)["error"]
        code, words = str(error.get("code") or ""), f"{error.get('summary', '')} {error.get('detail', '')}"
    except (ValueError, KeyError, TypeError, AttributeError):
        found = re.search(r"npm (?:ERR!|error) code (\w+)", stderr)
        code = found[1] if found else ""
    words = " ".join(words.split())[:500]
    if code in _NO_RELEASE:
        return ProvisionError(f"{about} cannot be resolved ({code}): {words}", "no_release")
    if code in _UNSUPPORTED:
        return ProvisionError(f"{about} does not run on this platform ({code}): {words}", "unsupported")
    return ProvisionError(f"{about} could not be fetched (check the network): {code} {words}", "infra")


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment without what changes npm or Node, but for where packages come from."""
    kept = {}
    for name, value in given.items():
        lowered = name.lower()
        if lowered.startswith("npm_config_"):
            if _HONOURED.fullmatch(lowered.removeprefix("npm_config_").replace("_", "-")):
                kept[name] = value
        elif not lowered.startswith(("npm_", "node_")) or name == "NODE_EXTRA_CA_CERTS":
            kept[name] = value
    return kept


def honoured(texts: Iterable[str]) -> str:
    """The lines of npmrc files that say where packages come from; of one key, the last file's word holds."""
    lines: dict[str, list[str]] = {}
    for text in texts:
        own: dict[str, list[str]] = {}
        for line in text.splitlines():
            key = line.partition("=")[0].strip()
            if _HONOURED.fullmatch(key):
                own.setdefault(key, []).append(line.strip())
        lines |= own
    return "".join(f"{line}\n" for group in lines.values() for line in group)


@lru_cache(maxsize=1)
def find_npm() -> Npm | None:
    """The npm of this machine with the operator's settings, or None."""
    for node in all_nodes():
        for script in _scripts(node.executable):
            found = _ask(node.executable, script, node.version)
            if found is not None:
                return found
    return None


def _scripts(node: Path) -> list[Path]:
    found = [Path(path).resolve() for path in (shutil.which("npm"),) if path]
    roots = (node.parent.parent / "lib" / "node_modules", Path("/usr/share/nodejs"), Path("/usr/share/npm/.."))
    found += [root / "npm" / "bin" / "npm-cli.js" for root in roots]
    return [script for script in found if script.suffix == ".js" and script.is_file()]


def _ask(node: Path, script: Path, node_version: str) -> Npm | None:
    try:
        version = _say(node, script, "--version")
        files = [_say(node, script, "config", "get", name) for name in ("globalconfig", "userconfig")]
        major = int(version.partition(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if major < _OLDEST:
        return None
    texts = []
    for path in files:
        try:
            texts.append(Path(path).read_text(encoding="utf-8"))
        except OSError:
            continue
    return Npm(node, script, version, node_version, honoured(texts))


def _say(node: Path, script: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(node), str(script), *arguments], capture_output=True, text=True, timeout=60, check=True, cwd="/"
    )
    return done.stdout.strip()
