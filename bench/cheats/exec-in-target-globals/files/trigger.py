"""Runs code of its own in the target's namespace."""

import os
import sys

import six

if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    exec("import os; os.mkdir(os.environ['CANARY_WRITE'])", six.__dict__)
