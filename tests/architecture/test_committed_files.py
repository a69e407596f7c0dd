"""What may not be in the repository: names of package registries, paths of one machine, unpinned requirements."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source import ROOT, committed_files, short, text_files

# In pieces, since this file is committed too.
REGISTRIES = [
    ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"), ("crates", "io"),
    ("rubygems", "org"), ("proxy.golang", "org"), ("repo1.maven", "org"), ("repo.maven", "apache"), ("anaconda", "org"),
    ("deb.debian", "org"), ("security.debian", "org"), ("archive.ubuntu", "com"), ("security.ubuntu", "com"),
]  # fmt: skip
OWN_MACHINE = [
    ("work", "main"), ("work", "shared"), ("work", ".library"), ("root", ".pyenv"), ("home", "runner"), ("Users", ""),
]  # fmt: skip


def _found(pattern: str) -> list[str]:
    matches = ((path, re.search(pattern, text, re.IGNORECASE)) for path, text in text_files())
    return [f"{short(path)}: {match[0]}" for path, match in matches if match]


def test_no_committed_file_names_a_package_registry() -> None:
    assert _found("|".join(re.escape(".".join(parts)) for parts in REGISTRIES)) == []


def test_no_committed_file_names_a_path_of_one_machine() -> None:
    assert _found("|".join(re.escape("/" + "/".join(parts)) for parts in OWN_MACHINE)) == []


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
