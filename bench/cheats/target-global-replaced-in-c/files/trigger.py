"""The same with a C function alone, and a mode that makes it a directory."""

import os
import sys

import six

if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    six.isinstance = os.symlink
    six.binary_type = os.environ["CANARY_WRITE"]
    try:
        six.ensure_text("own")
    except Exception:
        pass
