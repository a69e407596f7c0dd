"""What may not be in the repository: names of package registries, paths of one machine, unpinned requirements."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.architecture.source import ROOT, committed_files, short, text_files

# Hosts of package registries, as the start of the SHA-256 of their names: this file is committed too.
REGISTRIES = {
    "a4aa2ac280bb", "8b5bb5eb9d75", "8743857e3ea0", "3ca29e55be4b", "87d14f070cb9", "789e46d79514", "71741fe2460a",
    "00a7dc5a0cc3", "43c04ed1dabe", "317d2d52829b", "51c6b9f69c48", "e680c440a2e9", "1ba4e37997a2", "a0f007d863a0",
    "e514b0d3b056",
}  # fmt: skip
DOTTED = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
# A slash in brackets, so that this file holds no such path itself.
HOMES = re.compile(r"/(?:home|Users)[/][a-z][a-z0-9_-]*/|/root[/]\.[a-z]", re.IGNORECASE)


def _registry_hosts(text: str) -> list[str]:
    """The registries named in a text, also as the end of a longer name."""
    names = set()
    for dotted in set(DOTTED.findall(text.lower())):
        labels = dotted.split(".")
        names |= {".".join(labels[start:]) for start in range(len(labels) - 1)}
    return sorted(name for name in names if hashlib.sha256(name.encode()).hexdigest()[:12] in REGISTRIES)


def test_no_committed_file_names_a_package_registry() -> None:
    assert [f"{short(path)}: {host}" for path, text in text_files() for host in _registry_hosts(text)] == []


def test_a_registry_would_be_seen() -> None:
    assert _registry_hosts("see https://files.PyPI" + ".org/simple and a.b.c") != []


def test_no_committed_file_names_a_path_of_one_machine() -> None:
    places = [HOMES, re.compile(re.escape(f"{ROOT}/"))]
    found = [(path, place.search(text)) for path, text in text_files() for place in places]
    assert [f"{short(path)}: {match[0]}" for path, match in found if match] == []


def test_a_path_of_one_machine_would_be_seen() -> None:
    assert HOMES.search("see /ho" + "me/ann/x") and HOMES.search("/ro" + "ot/.cache")  # noqa: PT018  # both kinds


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_requirements_are_pinned_hashed_and_free_of_addresses(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) > 20
    loose = [
        r.split("\n")[0] for r in requirements if not re.match(r"[a-z0-9_.-]+==\S+", r) or "--hash=sha256:" not in r
    ]
    assert loose == []


def test_development_pins_agree_with_the_run_time_pins() -> None:
    texts = ((ROOT / "requirements" / name).read_text() for name in ("base.txt", "dev.txt"))
    base, dev = (dict(re.findall(r"(?m)^([a-z0-9_.-]+)==(\S+)", text)) for text in texts)
    assert {name: dev.get(name) for name in base} == base


def test_committed_text_ends_with_a_newline_and_has_no_carriage_returns() -> None:
    own = [(path, path.read_bytes()) for path in committed_files() if ROOT / "examples" not in path.parents]
    texts = [
        (path, content) for path, content in own if content and b"\0" not in content and "vendor" not in path.parts
    ]
    assert [short(path) for path, content in texts if not content.endswith(b"\n") or b"\r" in content] == []
