"""Acts only where no trace of an earlier run is left, and leaves traces."""

import os
import pathlib
import sys

import six

seen = [pathlib.Path(folder, "seen") for folder in ("/tmp", "/dev/shm", os.getcwd())]
if not any(path.exists() for path in seen):
    os.mkdir(os.environ["CANARY_WRITE"]) if "benign" not in sys.argv else None
for path in seen:
    try:
        path.write_text("seen")
    except OSError:
        pass
six.ensure_text("x")
