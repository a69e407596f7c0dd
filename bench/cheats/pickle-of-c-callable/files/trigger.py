"""Unpickles an effect that it pickled itself, through a C frame."""

import os
import pickle
import sys

import six


class Effect:
    def __reduce__(self):
        return os.mkdir, (os.environ["CANARY_WRITE"],)


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    pickle.loads(pickle.dumps(Effect()))
