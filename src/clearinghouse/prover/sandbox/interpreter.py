"""How a run is shown the supervisor's own Python: at a neutral path, with only its library."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ShownPython:
    """The interpreter inside, its library path, the (host path, path inside) to show, and what to cover."""

    executable: str
    library_path: str
    binds: tuple[tuple[str, str], ...]
    masks: tuple[str, ...]


def shown_python(place: str) -> ShownPython:
    """The base interpreter of this process at `place`. One in /usr (outside /usr/local) is inside and needs no bind."""
    binary = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    prefix = Path(sys.base_prefix).resolve()
    if _in_usr(binary) and _in_usr(prefix):
        return ShownPython(str(binary), "", (), ())
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # `platlib` folders differ (lib, lib64): the landmarks are looked for relative to the prefix, so keep their names.
    binds = {f"{place}/bin/{version}": binary}
    masks = []
    for kind in ("stdlib", "platstdlib"):
        folder = Path(sysconfig.get_path(kind, vars={"base": str(prefix), "platbase": str(prefix)})).resolve()
        inside = f"{place}/{folder.relative_to(prefix)}"
        binds[inside] = folder
        if (folder / "site-packages").is_dir():
            masks.append(f"{inside}/site-packages")
    for library in _libraries(prefix, tuple(binds.values())):
        binds[f"{place}/lib/{library.name}"] = library
    return ShownPython(
        f"{place}/bin/{version}",
        f"{place}/lib",
        tuple((str(source), inside) for inside, source in binds.items()),
        tuple(dict.fromkeys(masks)),
    )


def _in_usr(path: Path) -> bool:
    return path.is_relative_to("/usr") and not path.is_relative_to("/usr/local")


def _libraries(prefix: Path, shown: tuple[Path, ...]) -> list[Path]:
    """Shared libraries of the interpreter's own tree that are loaded here once the Python init's modules are."""
    import _ctypes  # noqa: F401, PLC0415 - loaded for what they pull in
    import resource  # noqa: F401, PLC0415
    import select  # noqa: F401, PLC0415

    found = set()
    for line in Path("/proc/self/maps").read_text().splitlines():
        path = Path(line.split(maxsplit=5)[5]) if line.count("/") else None
        if path and ".so" in path.name and path.is_relative_to(prefix) and not any(map(path.is_relative_to, shown)):
            found.add(path)
    return sorted(found)
