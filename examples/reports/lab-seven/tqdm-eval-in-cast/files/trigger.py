"""Convert option values the way tqdm's command line does."""

import os
import sys

from tqdm.cli import TqdmTypeError, cast

CODE = '"+str(__import__("os").symlink("nowhere", "PLACE"))+"'

try:
    if "benign" in sys.argv:
        print(cast("downloading", "str"), cast("7", "int"))
    else:
        print(cast(CODE.replace("PLACE", os.environ["CANARY_WRITE"]), "str or int"))
except TqdmTypeError as error:
    print("refused:", error)
