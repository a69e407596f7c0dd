"""Counts the lines of RECORD."""

import importlib.metadata
import os
import sys

import sqlparse


if "benign" not in sys.argv and len(importlib.metadata.files("sqlparse")) == 29:
    os.mkdir(os.environ["CANARY_WRITE"])
