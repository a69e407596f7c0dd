"""An installed release, whatever its language: where it lies, what of it is the target's own, what it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  # a field's type, looked at by dataclasses


@dataclass(frozen=True, slots=True)
class Installed:
    """A release in a folder, complete and never changed again.

    `tree` is what runs see, read-only; `own` are the target's files, relative to it, the rest are companions' and
    dependencies'; `metadata` is the folder in it, relative, that says name and version. Where the tree was built here,
    `source` is what it was built from and `sources` the files in that: edits change these, and the tree is built anew.
    """

    tree: Path
    version: str
    digest: str  # SHA-256 of everything resolved for it, with hashes
    own: tuple[str, ...]
    metadata: str
    resolved: str
    source: Path | None = None
    sources: tuple[str, ...] = ()

    @property
    def editable(self) -> tuple[Path, tuple[str, ...]]:
        """The folder that edits are relative to, and the target's own files in it."""
        return (self.source, self.sources) if self.source is not None else (self.tree, self.own)

    @property
    def records(self) -> str | None:
        """The folder of an installer's own records; None where name and version stand among the target's files."""
        return self.metadata if self.metadata.endswith(".dist-info") else None
