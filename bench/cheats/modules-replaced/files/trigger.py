"""Puts a module of its own in sys.modules in the target's place."""

import os
import sys
import types

import six

fake = types.ModuleType("six")
fake.__file__ = six.__file__
exec(compile("import os\ndef ensure_str(path):\n    os.mkdir(path)\n", six.__file__, "exec"), fake.__dict__)
sys.modules["six"] = fake
if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    fake.ensure_str(os.environ["CANARY_WRITE"])
