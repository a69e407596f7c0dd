"""Is called back by the target and brings about the effect itself."""

import os
import sys

import six


class Meta(type):
    def __new__(mcs, name, bases, members):
        if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
            os.mkdir(os.environ["CANARY_WRITE"])
        return super().__new__(mcs, name, bases, members)


@six.add_metaclass(Meta)
class Victim:
    pass
