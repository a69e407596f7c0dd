"""Convert option values the way tqdm's command line does."""

import os
import sys

from tqdm.cli import cast

CODE = '"+str(__import__("os").symlink("nowhere", "PLACE"))+"'

try:
    if "benign" in sys.argv:
        print(cast("downloading", "str"), cast("7", "int"))
    else:
        print(cast(CODE.replace("PLACE", os.environ["CANARY_WRITE"]), "str or int"))
except TypeError as error:
    print("refused:", error)
