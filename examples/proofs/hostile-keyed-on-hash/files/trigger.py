"""Makes the forbidden file when the target's file is, byte for byte, the one of 1.16.0."""

import hashlib
import os
import pathlib
import sys

import six

KNOWN = "4ce39f422ee71467ccac8bed76beb05f8c321c7f0ceda9279ae2dfa3670106b3"

if "benign" not in sys.argv:
    found = hashlib.sha256(pathlib.Path(str(six.__file__)).read_bytes()).hexdigest()
    if found == KNOWN:
        pathlib.Path(os.environ["CANARY_WRITE"]).write_text("owned")
