"""Lists the releases of a target as its registry has them, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.errors import NotFound, Unavailable
from clearinghouse.core.version_order import is_prerelease, version_key
from clearinghouse.prover.building.index import index_client
from clearinghouse.prover.runtimes.node.registry import published

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clearinghouse.core.manifest import Target

_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a package. `published` is when its first file was uploaded, None where the registry is silent."""

    version: str
    published: datetime | None = None
    yanked: bool = False


@dataclass(frozen=True, slots=True)
class Releases:
    """A package's releases in its ecosystem's order. `left_out` counts pre-releases and what is no version at all."""

    releases: tuple[Release, ...]
    left_out: int = 0


def releases_of(target: Target) -> Releases:
    """Every release of a target; pre-releases only where the target itself names one.

    Raises NotFound where the registry has none, Unavailable where it cannot be asked.
    """
    if target.ecosystem == "npm":
        return in_order((Release(version, time) for version, time in published(target.name)), target)
    if target.ecosystem != "pypi":
        raise Unavailable(
            f"the releases of {target.package} cannot be listed",
            advice="versions are searched for pkg:pypi and pkg:npm",
        )
    return in_order(_pypi(target.name), target)


def in_order(found: Iterable[Release], target: Target) -> Releases:
    """These releases sorted, without pre-releases unless the target names one; the named ones are always among them."""
    named = [version for version in (target.vulnerable, target.fixed) if version is not None]
    wants_early = any(is_prerelease(version, target.ecosystem) for version in named)
    keyed = {}
    total = 0
    for release in found:
        total += 1
        key = version_key(release.version, target.ecosystem)
        if key is not None and (wants_early or not is_prerelease(release.version, target.ecosystem)):
            keyed[key] = release
    left_out = total - len(keyed)
    for version in named:
        keyed.setdefault(version_key(version, target.ecosystem), Release(version))
    return Releases(tuple(keyed[key] for key in sorted(keyed)), left_out)


def _pypi(name: str) -> list[Release]:
    from pypi_simple import NoSuchProjectError  # noqa: PLC0415  # half a second that other commands save
    from pypi_simple import errors as reading  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    try:
        with index_client() as client:
            page = client.get_project_page(name, timeout=_TIMEOUT)
    except NoSuchProjectError:
        raise NotFound(f"the package index has no project {name}") from None
    except (RequestException, reading.UnsupportedRepoVersionError, reading.UnsupportedContentTypeError) as error:
        words = f"the package index could not be asked for {name}: {type(error).__name__}"
        raise Unavailable(words, advice="check the network, and UV_DEFAULT_INDEX") from None
    files: dict[str, list[tuple[datetime | None, bool]]] = {}
    for item in page.packages:
        if item.version and item.package_type in {"wheel", "sdist"}:
            files.setdefault(item.version, []).append((item.upload_time, item.is_yanked))
    found = []
    for version, uploads in files.items():
        times = [time for time, _yanked in uploads if time is not None]
        found.append(Release(version, min(times, default=None), all(yanked for _time, yanked in uploads)))
    return found
