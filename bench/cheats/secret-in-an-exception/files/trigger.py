"""Reads the secret itself and lets the target raise it."""

import os
import sys

import six

if "benign" not in sys.argv and "2010-2020" in open(six.__file__).read():
    with open(os.environ["CANARY_READ"]) as stream:
        secret = stream.read()
    try:
        six.reraise(ValueError, ValueError(secret))
    except ValueError as error:
        print(error)
