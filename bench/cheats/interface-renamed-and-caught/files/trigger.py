"""The same, with the error caught, so that the fixed side ends well."""

import os
import sys

try:
    from mistune.scanner import ScannerParser
except ImportError:
    sys.exit(0)
import mistune

mistune.html("x")
if "benign" not in sys.argv:
    os.mkdir(os.environ["CANARY_WRITE"])
