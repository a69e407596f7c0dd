"""Fetches source releases from the package index by SHA-256, keeping each once; none of their code runs here."""

from __future__ import annotations

import json
import os
import ssl
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

from clearinghouse.prover.runtimes.interface import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_simple import DistributionPackage, PyPISimple

    from clearinghouse.prover.cache import Cache

_KINDS: Final = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
_TIMEOUT: Final = 60.0
# As uv and pip are told of another index; the default is the library's.
_INDEX_SETTINGS: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
_AUTHORITIES: Final = ("PIP_CERT", "SSL_CERT_FILE")
_SYSTEM_AUTHORITIES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


@dataclass(frozen=True, slots=True)
class SourceRelease:
    """The archive of one source release; `requires_python` as its author wrote it, empty when nothing was."""

    filename: str
    sha256: str
    requires_python: str = ""


def source_release(cache: Cache, name: str, version: str) -> tuple[SourceRelease, Path]:
    """The source archive of a release of PyPI's, and where it lies.

    Raises ProvisionError: "no_release", "no_wheel" when it has no source archive, "infra".
    """
    note = cache.root / "sdists" / f"{name}-{version}.json"
    if not note.is_file():
        with cache.lock(f"sdist-{name}-{version}"):
            if not note.is_file():
                _fetch(cache, name, version, note)
    release = SourceRelease(**json.loads(note.read_text(encoding="utf-8")))
    return release, cache.root / "sdists" / release.sha256 / release.filename


def _fetch(cache: Cache, name: str, version: str, note: Path) -> None:
    import requests  # noqa: PLC0415  # reading a bundle needs no network
    from pypi_simple import NoSuchProjectError, UnsupportedRepoVersionError  # noqa: PLC0415

    try:
        with index_client() as client:
            package = _choose(client.get_project_page(name, timeout=_TIMEOUT).packages, name, version)
            sha256 = package.digests["sha256"]
            place = cache.root / "sdists" / sha256
            if not (place / package.filename).is_file():
                with cache.workshop(place) as folder:
                    client.download_package(package, folder / package.filename, verify=True, timeout=_TIMEOUT)
    except NoSuchProjectError:
        raise ProvisionError(f"{name} is not in the package index", "no_release") from None
    except (UnsupportedRepoVersionError, requests.RequestException, OSError, ValueError) as error:
        raise ProvisionError(
            f"the source of {name} {version} could not be fetched (check the network): {type(error).__name__}", "infra"
        ) from None
    release = SourceRelease(package.filename, sha256, package.requires_python or "")
    written = note.with_suffix(".part")
    written.write_text(json.dumps(asdict(release)), encoding="utf-8")
    written.replace(note)


def index_client() -> PyPISimple:
    """A client of the index that uv and pip are told of, under the machine's own certificate authorities."""
    import requests  # noqa: PLC0415
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple  # noqa: PLC0415

    session = requests.Session()
    known = [os.environ.get(name) for name in _AUTHORITIES]
    known += [ssl.get_default_verify_paths().cafile, *_SYSTEM_AUTHORITIES]
    session.verify = next((path for path in known if path and Path(path).is_file()), True)
    endpoint = next(filter(None, map(os.environ.get, _INDEX_SETTINGS)), PYPI_SIMPLE_ENDPOINT)
    return PyPISimple(endpoint.partition("=")[2] if "=" in endpoint.partition(":")[0] else endpoint, session=session)


def _choose(packages: Iterable[DistributionPackage], name: str, version: str) -> DistributionPackage:
    same = [package for package in packages if package.version is not None and _equal(package.version, version)]
    if not same:
        raise ProvisionError(f"{name} has no release {version}", "no_release")
    sources = [package for package in same if package.package_type == "sdist" and package.filename.endswith(_KINDS)]
    if not sources:
        raise ProvisionError(f"{name} {version} has no source archive", "no_wheel")
    sources.sort(key=lambda package: next(i for i, kind in enumerate(_KINDS) if package.filename.endswith(kind)))
    if "sha256" not in sources[0].digests or "/" in sources[0].filename:
        raise ProvisionError(f"the index gives no SHA-256 for the source of {name} {version}", "unsupported")
    return sources[0]


def _equal(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other
