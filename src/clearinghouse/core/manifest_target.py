"""Reads the part of `proof.toml` that says what the proof is about: [target], [runtime] and [build]."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packageurl import PackageURL
from packaging.version import InvalidVersion, Version

from clearinghouse.core.manifest import Build, Companion, Runtime, Target

if TYPE_CHECKING:
    from clearinghouse.core.manifest_parser import Reader

TARGET_KEYS = {"package", "repository", "vulnerable", "fixed", "with"}
LANGUAGES = {"pypi": ("python", "native"), "npm": ("node", "native"), "git": ("native",)}
SANITIZERS = ("address", "undefined", "none")
# What PEP 508 and npm let a project be called. Names and versions stand in requirement files, where a line is an order.
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_NPM_NAME = re.compile(r"(@[a-z0-9~-][a-z0-9._~-]*/)?[a-zA-Z0-9~-][a-zA-Z0-9._~-]*")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+_-]{0,63}")
_SEMVER = re.compile(
    r"(0|[1-9]\d{0,9})(\.(0|[1-9]\d{0,9})){2}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\x00-\x1f]+")
_RUNTIME_VERSIONS = {
    "python": (re.compile(r"3\.[0-9]{1,2}(\.[0-9]{1,2})?"), 'a Python version such as "3.11"'),
    "node": (re.compile(r"[0-9]{1,2}(\.[0-9]{1,3}){0,2}"), 'a Node version such as "20" or "20.11.1"'),
}


def parse_purl(text: str) -> PackageURL:
    """A package URL whose name is a project's name and no more. Raises ValueError with a short reason."""
    purl = PackageURL.from_string(text)
    name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
    if purl.type == "pypi" and (purl.namespace or not _PROJECT.fullmatch(purl.name)):
        raise ValueError(f"{name!r} is not the name of a PyPI project")
    if purl.type == "npm" and (not _NPM_NAME.fullmatch(name) or len(name) > 214):  # noqa: PLR2004  # npm's own limit
        raise ValueError(f"{name!r} is not the name of an npm package")
    return purl


def normalised(name: str) -> str:
    """A PyPI name in its one canonical spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse_target(reader: Reader) -> Target | None:
    """The [target] table: a package or a repository, with the versions to compare."""
    table = reader.table("target", required=True)
    if "repository" in table:
        return _repository(reader, table)
    package = reader.text("target", "package", required=True, limit=300)
    if package is None:
        return None
    try:
        purl = parse_purl(package)
    except ValueError as error:
        reader.report(("target", "package"), f"{package!r} is not a package URL: {error}")
        return None
    if purl.version or purl.qualifiers or purl.subpath:
        reader.report(("target", "package"), 'must be a package URL without version, such as "pkg:pypi/urllib3"')
    if purl.type not in {"pypi", "npm"}:
        reader.report(
            ("target", "package"),
            f'"pkg:{purl.type}" is not supported by this prover; it proves pkg:pypi, pkg:npm and repositories',
        )
        return None
    vulnerable = _version(reader, "vulnerable", purl.type, required=True)
    fixed = _version(reader, "fixed", purl.type, required=False)
    name = _full_name(purl)
    if vulnerable is not None and fixed is not None and _same_version(vulnerable, fixed, purl.type):
        reader.report(
            ("target", "fixed"), f"is {fixed}, the same as target.vulnerable; name the release that fixes the bug"
        )
    texts = enumerate(reader.texts("target", "with"))
    companions = tuple(filter(None, (_companion(reader, i, text, purl.type) for i, text in texts)))
    for companion in companions:
        if companion.name == name:
            reader.report(("target", "with"), f'"{name}" is the target itself; a companion must be another package')
    if vulnerable is None:
        return None
    spelt = PackageURL(purl.type, purl.namespace, normalised(purl.name) if purl.type == "pypi" else purl.name)
    return Target(spelt.to_string(), purl.type, name, vulnerable, fixed, companions)


def _repository(reader: Reader, table: dict[str, Any]) -> Target | None:
    repository = reader.text("target", "repository", limit=300)
    for key in ("package", "with"):
        if key in table:
            reader.report(("target", key), "goes with a package; a repository stands alone")
    if repository is None:
        return None
    if not _REPOSITORY.fullmatch(repository):
        reader.report(("target", "repository"), f"{repository!r} is not the URL of a repository")
        return None
    commits = {}
    for key in ("vulnerable", "fixed"):
        commit = reader.text("target", key, required=key == "vulnerable", limit=64)
        if commit is not None and not _COMMIT.fullmatch(commit):
            reader.report(("target", key), f"{commit!r} is not a whole commit id of 40 or 64 hexadecimal digits")
            return None
        commits[key] = commit
    if commits["vulnerable"] is None:
        return None
    if commits["vulnerable"] == commits["fixed"]:
        reader.report(("target", "fixed"), "is the same as target.vulnerable; name the commit that fixes the bug")
    return Target(repository, "git", repository, commits["vulnerable"], commits["fixed"])


def _full_name(purl: PackageURL) -> str:
    if purl.type == "pypi":
        return normalised(purl.name)
    return f"{purl.namespace}/{purl.name}" if purl.namespace else str(purl.name)


def _version(reader: Reader, key: str, ecosystem: str, *, required: bool) -> str | None:
    version = reader.text("target", key, required=required, limit=64)
    if version is not None and not _exact(version, ecosystem):
        reader.report(("target", key), f"{version!r} is not one exact version, such as 1.26.4")
        return None
    return version


def _exact(version: str, ecosystem: str) -> bool:
    """Whether a text is one version as PyPI (PEP 440) or npm (SemVer) write them, and no range."""
    if ecosystem == "npm":
        return _SEMVER.fullmatch(version) is not None
    try:
        Version(version)
    except InvalidVersion:
        return False
    return _VERSION.fullmatch(version) is not None


def _same_version(one: str, other: str, ecosystem: str) -> bool:
    if ecosystem == "npm":
        return one.partition("+")[0] == other.partition("+")[0]
    return Version(one) == Version(other)


def _companion(reader: Reader, index: int, text: str, ecosystem: str) -> Companion | None:
    try:
        purl = parse_purl(text)
    except ValueError as error:
        reader.report(("target", "with", index), f"{text!r} is not a package URL: {error}")
        return None
    fits = purl.type == ecosystem and purl.version and _exact(purl.version, ecosystem)
    if not fits or purl.qualifiers or purl.subpath:
        example = {"pypi": "pkg:pypi/six@1.16.0", "npm": "pkg:npm/ms@2.1.3"}[ecosystem]
        reader.report(("target", "with", index), f'{text!r} must name an exact version, such as "{example}"')
        return None
    return Companion(_full_name(purl), str(purl.version))


def parse_runtime(reader: Reader, target: Target | None) -> Runtime:
    """The [runtime] table; without a language, the one that the target's ecosystem is written in."""
    reader.table("runtime", required=False)
    allowed = LANGUAGES.get(target.ecosystem if target else "pypi", ("python",))
    language = reader.text("runtime", "language", limit=20) or allowed[0]
    version = reader.text("runtime", "version", limit=20)
    if language not in allowed:
        reader.report(("runtime", "language"), f'"{language}" does not fit this target; use {" or ".join(allowed)}')
    elif version and language == "native":
        reader.report(("runtime", "version"), "belongs to python and node; remove it")
    elif version and not _RUNTIME_VERSIONS[language][0].fullmatch(version):
        reader.report(("runtime", "version"), f'"{version}" is not {_RUNTIME_VERSIONS[language][1]}')
    return Runtime(language, version)


def parse_build(reader: Reader, runtime: Runtime, argv: tuple[str, ...] | None) -> Build | None:
    """The [build] table; `argv` is its recipe, already read."""
    table = reader.table("build", required=False)
    if not table:
        if runtime.language == "native":
            reader.report(("runtime", "language"), "native targets need the table [build]; add it")
        return None
    sanitizer = reader.text("build", "sanitizer", limit=20) or "none"
    if sanitizer not in SANITIZERS:
        reader.report(("build", "sanitizer"), f'"{sanitizer}" is none of: {", ".join(SANITIZERS)}')
    if runtime.language == "native" and argv is None and "run" not in table:
        reader.report(("build",), 'needs the key "run" for a native target: the command that builds it')
    if runtime.language == "node":
        reader.report(("build",), "is for native and python targets; remove it")
    if runtime.language == "python" and "run" in table:
        reader.report(("build", "run"), "is for native targets; python releases are built by our recipe; remove it")
    return Build(argv, sanitizer)
