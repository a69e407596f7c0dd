"""The stand of one run: fresh random canaries, where they lie, and how the run is told of them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clearinghouse.core.canaries import REDIRECTS
from clearinghouse.prover.runtimes.interface import DOOR
from clearinghouse.prover.sandbox.interface import HOME, Bind, File

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.decoy import Decoy
    from clearinghouse.prover.runtimes.interface import Runtime

EXEC = "/canary/exec"
ROOT = "/canary/root"
OUT = "/canary/out"


@dataclass(frozen=True, slots=True)
class Stand:
    """Canaries of one run; nothing in them can be known before it starts."""

    token: str = field(default_factory=lambda: secrets.token_hex(16))
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    knock: str = field(default_factory=lambda: secrets.token_hex(16))
    carried: str = field(default_factory=lambda: secrets.token_hex(16))  # told to the run: it must not be sent on
    decoy: Decoy | None = None

    @property
    def read(self) -> str:
        """The secret file, in a sibling of an innocent folder whose name is a prefix of its own folder's."""
        return f"{ROOT}-{self.token}/secret.txt"

    @property
    def write(self) -> str:
        """The path that must not come to exist; its folder is writable."""
        return f"{OUT}/{self.token}"

    def environment(self) -> dict[str, str]:
        """What a script of form 2 is told."""
        names = [name for name in self.texts() if "." not in name]
        return {f"CANARY_{name.upper()}": self.texts()[name] for name in names}

    def texts(self) -> dict[str, str]:
        """What each canary's name stands for (core/canaries.py says which there are)."""
        texts = {"exec": EXEC, "read": self.read, "root": ROOT, "write": self.write, "token": self.token}
        if self.decoy is not None:
            texts |= {"url": self.decoy.url, "innocent": self.decoy.innocent, "secret": self.carried}
            texts |= {f"redirect.{status}": self.decoy.redirect(status) for status in REDIRECTS}
            texts["redirect"] = texts["redirect.302"]
        return texts

    def needles(self) -> list[str]:
        """Texts that mark an event as touching a canary."""
        if self.decoy is not None:
            return [f", {self.decoy.ports[0]})"]  # as an address is written
        return [EXEC, self.read, self.write, self.token]

    def fill(self, value: Any) -> Any:
        """Replace the placeholders in every text of a JSON-like value."""
        if isinstance(value, str):
            if "{{" not in value:
                return value
            for name, text in self.texts().items():
                value = value.replace("{{canary." + name + "}}", text)
            return _fill_paths(value)
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.fill(item) for item in value]
        return value

    def fill_bytes(self, content: bytes) -> bytes:
        """The same for the content of a template file; bytes that are not UTF-8 pass through."""
        text = content.decode("utf-8", "surrogateescape")
        filled: str = self.fill(text)
        return filled.encode("utf-8", "surrogateescape")

    def files(self, runtime: Runtime) -> tuple[File, ...]:
        """The canary executable, started by `runtime`, and the secret."""
        return *runtime.canary(EXEC, self.knock), *self.own_files()

    def own_files(self) -> tuple[File, ...]:
        """What only this stand has: the secret. Several stands may lie side by side."""
        return (File(self.read, self.secret.encode()),)

    @staticmethod
    def folders() -> tuple[str, ...]:
        """Writable folders of the stand."""
        return (OUT, ROOT)

    @staticmethod
    def door(socket: Path) -> Bind:
        """Where the canary executable knocks."""
        return Bind(socket, DOOR)


def _fill_paths(text: str) -> str:
    """Replace {{path:files/x}} by where that file lies inside."""
    parts = text.split("{{path:")
    for index in range(1, len(parts)):
        path, closed, rest = parts[index].partition("}}")
        parts[index] = f"{HOME}/{path}{rest}" if closed else "{{path:" + parts[index]
    return "".join(parts)
