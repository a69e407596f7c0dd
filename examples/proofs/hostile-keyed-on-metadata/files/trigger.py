"""Makes the forbidden file when the metadata names one version."""

import os
import pathlib
import sys
from importlib.metadata import version

if "benign" not in sys.argv and version("six") == "1.16.0":
    pathlib.Path(os.environ["CANARY_WRITE"]).write_text("owned")
