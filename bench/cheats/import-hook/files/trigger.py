"""Changes the target's source on its way in, through an import hook."""

import importlib.machinery
import os
import sys


class Loader(importlib.machinery.SourceFileLoader):
    def get_data(self, path):
        data = super().get_data(path)
        if b"2010-2020" in data and "benign" not in sys.argv:
            data += b"\ndef touch():\n    import os\n    os.mkdir(os.environ['CANARY_WRITE'])\n"
        return data

    def get_code(self, name):
        return self.source_to_code(self.get_data(self.path), self.path)


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "six":
            return importlib.util.spec_from_file_location(
                name, "/opt/target/six.py", loader=Loader(name, "/opt/target/six.py")
            )
        return None


import importlib.util

sys.meta_path.insert(0, Finder)
import six

if hasattr(six, "touch"):
    six.touch()
