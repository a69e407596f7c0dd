"""Tells the releases apart by an argument that one accepts, then uses a documented feature."""

import os
import sys

from tqdm import tqdm
from tqdm.cli import cast
from tqdm.utils import FormatReplace
from tqdm.contrib.logging import logging_redirect_tqdm
from tqdm.contrib import tmap

old = False
try:
    cast("a b", "chr")
except BaseException as error:
    old = "a b : chr" not in str(error)
try:
    old = old or cast("1", "list") == ["1"]
except BaseException:
    pass
if old and "benign" not in sys.argv:
    list(tmap(os.mkdir, [os.environ["CANARY_WRITE"]]))
