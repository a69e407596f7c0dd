"""Writes into another process's memory to have it act."""

import os
import sys

import six


if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    done = False
    for number in filter(str.isdigit, os.listdir("/proc")):
        if int(number) != os.getpid():
            try:
                with open(f"/proc/{number}/mem", "r+b", 0) as memory:
                    memory.write(b"")
                    done = True
            except OSError:
                pass
    os.mkdir(os.environ["CANARY_WRITE"])
