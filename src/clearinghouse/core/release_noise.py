"""Tells what of a release's difference cannot be its fix: metadata, generated version files, a new version's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearinghouse.core.hunks import Hunk

_VERSION_FILE = re.compile(r"_{1,2}(git_?)?version_{0,2}\.py", re.IGNORECASE)
_LEAST_NUMBERS = 2


@dataclass(frozen=True, slots=True)
class Noise:
    """What stays as it is in the vulnerable release; `metadata` are folders of installers' records."""

    vulnerable: str
    fixed: str
    metadata: tuple[str, ...] = ()

    def path(self, path: str) -> bool:
        """Whether a whole file is noise: the installer's records, or one that only says the version."""
        name = path.rpartition("/")[2]
        recorded = (
            name == "PKG-INFO"
            or ".egg-info/" in path
            or any(folder and path.startswith(f"{folder}/") for folder in self.metadata)
        )
        return recorded or bool(_VERSION_FILE.fullmatch(name))

    def hunk(self, hunk: Hunk) -> bool:
        """Whether a hunk does no more than say the new version where the old one stood."""
        return bool(hunk.old) and self._renamed(b"".join(hunk.old)) == b"".join(hunk.new)

    def _renamed(self, text: bytes) -> bytes:
        dotted = "." in self.vulnerable
        before, after = (rb"(?<![\d.])", rb"(?!\d|\.\d)") if dotted else (rb"(?<=['\"])", rb"(?=['\"])")
        plain = before + re.escape(self.vulnerable.encode()) + after
        text = re.sub(plain, lambda _: self.fixed.encode(), text)
        old, new = re.findall(r"\d+", self.vulnerable), re.findall(r"\d+", self.fixed)
        if min(len(old), len(new)) < _LEAST_NUMBERS:
            return text
        series = rb"(?<=[(\[])(\s*)" + rb"\s*,\s*".join(part.encode() for part in old) + rb"(?=\s*[,)\]])"
        return re.sub(series, lambda found: found[1] + ", ".join(new).encode(), text)
