"""What of a release's difference only says that it is another release."""

from __future__ import annotations

import pytest

from clearinghouse.core.hunks import Hunk
from clearinghouse.core.release_noise import Noise

NOISE = Noise("1.2.3", "1.2.4", ("pkg-1.2.3.dist-info", "pkg-1.2.4.dist-info"))


def hunk(old: str, new: str) -> Hunk:
    return Hunk("pkg/__init__.py", 0, (old.encode(),), 0, (new.encode(),))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('__version__ = "1.2.3"\n', '__version__ = "1.2.4"\n'),
        ("VERSION = (1, 2, 3)\n", "VERSION = (1, 2, 4)\n"),
        ("/* lib v1.2.3 */\n", "/* lib v1.2.4 */\n"),
    ],
)
def test_a_changed_version_name_is_noise(old: str, new: str) -> None:
    assert NOISE.hunk(hunk(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("limit = 3\n", "limit = 4\n"),
        ('__version__ = "1.2.3"\n', '__version__ = "1.2.4"; check()\n'),
        ("wants 11.2.3\n", "wants 11.2.4\n"),
        ("needs 1.2.3.4\n", "needs 1.2.4.4\n"),
        ("f(1, 2, 3, 4)\n", "f(1, 2, 4)\n"),
    ],
)
def test_any_other_change_is_none(old: str, new: str) -> None:
    assert not NOISE.hunk(hunk(old, new))


def test_metadata_and_generated_version_files_are_noise_by_their_path() -> None:
    noisy = ["pkg-1.2.4.dist-info/RECORD", "pkg-1.2.3.dist-info/METADATA", "pkg/_version.py", "pkg/__version__.py"]
    assert [path for path in noisy if not NOISE.path(path)] == []
    assert not NOISE.path("pkg/version.py")
    assert not NOISE.path("pkg-data/x.py")


def test_a_version_of_one_number_swaps_no_other_number() -> None:
    assert not Noise("5", "6").hunk(hunk("f(5)\n", "f(6)\n"))
