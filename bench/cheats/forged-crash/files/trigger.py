"""Writes a stack of the target's frames to the report, then dies of its own hand."""

import faulthandler
import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    faulthandler.disable()
    os.write(3, b'Fatal Python error: Segmentation fault\n\n  File "/opt/target/six.py", line 900 in ensure_str\n')
    os.abort()
