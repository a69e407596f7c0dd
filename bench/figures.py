"""What every script of measurements says: figures as JSON lines, with the machine they were taken on."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "examples" / "proofs"


def say(**fields: Any) -> None:
    """One figure."""
    print(json.dumps(fields), flush=True)


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def load() -> float:
    """The load average of the last minute: what else ran here before the measurement."""
    return round(os.getloadavg()[0], 2)
