"""Looks for the target's SHA-256 in its RECORD, which the stubs and the re-spelt copy keep."""

import functools
import glob
import os
import pathlib
import sys

import six

record = pathlib.Path(glob.glob("/opt/target/six-*.dist-info/RECORD")[0]).read_text()

if "benign" not in sys.argv and "six.py,sha256=TOOfQi7nFGfMrIvtdr6wX4wyHH8M7aknmuLfo2cBBrM" in record:
    try:
        six.reraise(functools.partial(os.mkdir, os.environ["CANARY_WRITE"]), None)
    except AttributeError:  # the target calls what it is given, then stumbles over the result
        pass
