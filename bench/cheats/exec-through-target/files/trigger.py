"""Has the target's own exec helper run its code."""

import os
import sys

import six

if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    six.exec_("import os; os.mkdir(os.environ['CANARY_WRITE'])")
