"""Asks the npm registry which releases a package has; installs nothing."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from pathlib import Path

from clearinghouse.core.errors import NotFound, Unavailable
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.runtimes.node.npm import find_npm


def published(name: str) -> list[tuple[str, datetime | None]]:
    """Every release of a package that can be installed, with the time of its publication, in no order.

    Raises NotFound where the registry has none, Unavailable where it cannot be asked.
    """
    npm = find_npm()
    if npm is None:
        raise Unavailable("no npm of version 7 or newer is on this machine", advice="install one beside Node")
    with tempfile.TemporaryDirectory(prefix="clearinghouse-npm.") as folder:
        try:
            said = npm.run(["view", name, "versions", "time", "--cache", f"{folder}/cache"], Path(folder), name)
        except ProvisionError as error:
            if error.kind == "no_release":
                raise NotFound(f"the npm registry has no package {name}") from None
            raise Unavailable(error.message, advice="check the network, and npm's setting `registry`") from None
    return releases_in(said)


def releases_in(said: str) -> list[tuple[str, datetime | None]]:
    """What `npm view NAME versions time --json` printed, read; a single release is printed as a text, not a list."""
    try:
        document = json.loads(said)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Unavailable("npm's answer about the releases cannot be read", advice="run again with a newer npm")
    versions, times = document.get("versions"), document.get("time")
    if isinstance(versions, str):
        versions = [versions]
    if not isinstance(versions, list):
        raise Unavailable("npm's answer about the releases names none", advice="run again with a newer npm")
    when = times if isinstance(times, dict) else {}
    return [(str(version), _time(when.get(version))) for version in versions]


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
