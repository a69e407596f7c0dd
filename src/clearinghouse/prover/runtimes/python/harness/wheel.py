"""Builds a wheel of the source in the working directory with its own backend. The job is JSON in the first argument.

Leaves the wheel in $OUT, or, when the backend asks for more than is there, `needs.json` with what it asks for.
"""

import importlib
import json
import os
import re
import sys


def _name(requirement):
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]*", requirement.strip()).group()).lower()


def main():
    """Ask the backend what it needs, and then for the wheel."""
    job = json.loads(sys.argv[1])
    out = os.environ["OUT"]
    here = os.getcwd()
    sys.path[0:1] = [os.path.join(here, part) for part in job["path"]]
    module, _, inner = job["backend"].partition(":")
    backend = importlib.import_module(module)
    for part in filter(None, inner.split(".")):
        backend = getattr(backend, part)
    if hasattr(backend, "get_requires_for_build_wheel"):
        wanted = backend.get_requires_for_build_wheel()
        missing = sorted(item for item in wanted if _name(item) not in job["have"])
        if missing and not job["last"]:
            with open(os.path.join(out, "needs.json"), "w") as stream:
                json.dump(missing, stream)
            return
    os.chdir(here)
    backend.build_wheel(out)


if __name__ == "__main__":
    main()
