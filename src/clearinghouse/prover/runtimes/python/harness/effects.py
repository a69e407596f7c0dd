"""Notes which function of the target caused an effect on a canary, by audit events. Telemetry, not the verdict."""

import os
import re
import sys

from .channel import say
from .frames import frame_name, is_target_file, module_name

_EVENTS = {"open", "os.mkdir", "os.rename", "os.symlink", "os.link", "os.system", "os.exec", "os.posix_spawn",
           "os.spawn", "subprocess.Popen", "os.listdir", "os.scandir", "shutil.copyfile", "os.truncate",
           "socket.connect"}  # fmt: skip
MAX_NOTES = 8
# Where the bundle's files lie, and where steps may have had files written.
_WRITABLE = ("/proof/", "/tmp/", "/dev/shm/", "/canary/")  # noqa: S108  # inside the sandbox
_HARNESS = os.path.dirname(os.path.abspath(__file__)) + "/"
_STDLIB = os.path.dirname(os.__file__) + "/"
# With these, code does more than compute: it can say what the report is to say.
_ACTS = {
    "__builtins__", "__globals__", "__import__", "__subclasses__", "builtins", "clearinghouse_harness", "ctypes", "gc",
    "importlib", "inspect", "open", "os", "posix", "subprocess", "sys",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _words(code):
    """Every word that a code object and what it holds spell."""
    found = set(code.co_names)
    for item in code.co_consts:
        if hasattr(item, "co_code"):
            found |= _words(item)
        elif isinstance(item, (str, bytes)):
            found.update(_WORD.findall(item if isinstance(item, str) else item.decode("latin-1")))
    return found | {word for name in code.co_names for word in name.split(".")}


def _born(code):
    """Whether code was made from a text at run time rather than loaded from a file."""
    return not code.co_filename.startswith(("/", "<frozen", _STDLIB))


class Origin:
    """What lies between an effect and the first own frame outward from it."""

    def __init__(self, owner, frame):
        self.function, self.companion, self.born, self.ours = None, None, [], False
        while frame is not None:
            code = frame.f_code
            if owner.owns(code.co_filename):
                self.function = frame_name(frame)
                return
            if is_target_file(code.co_filename):
                self.companion = self.companion or module_name(code.co_filename)
            elif _born(code):
                self.born.append(code)
            self.ours = self.ours or code.co_filename.startswith(_HARNESS)
            frame = frame.f_back

    def doubt(self, tops):
        """Why this is not simply the target's doing, or None. `tops` are the target's import names."""
        # In a thread of its own a companion may work for the target; below our steps it does not.
        if self.function is None and self.companion is not None and self.ours:
            return "it came from the companion %s, and no code of the target was on the stack" % self.companion
        if any(tops & _words(code) for code in self.born):
            return "the code that the input had the target run looks at the target itself: that is a script"
        return None


def watch(owner, needles, judged):
    """From now on, say for each event that touches a canary (its text holds one of `needles`) where it came from.

    `judged`: the report itself is what the oracle judges, so no code but ours may have a hand in it.
    """
    state = {"left": MAX_NOTES, "busy": False}
    tops = {path.split("/")[0].split(".")[0] for path in owner.own if "-info" not in path} - {"", ".."}

    def note(event, args):
        if event == "exec":
            code = args[0] if args and hasattr(args[0], "co_code") else None
            if code is not None and code.co_filename.startswith(_WRITABLE):
                state["left"] -= 1
                doubt = "the target ran %s as code: that is a script" % code.co_filename
                say(effect=event, function=None, doubt=doubt)
            elif code is not None and judged and _born(code) and _ACTS & _words(code):
                state["left"] -= 1
                doubt = "the code that the input had the target run could write the report: that is a script"
                say(effect=event, function=None, doubt=doubt)
        elif any(needle in repr(args) for needle in needles):
            state["left"] -= 1
            origin = Origin(owner, sys._getframe(2))
            say(effect=event, function=origin.function, doubt=origin.doubt(tops), born=bool(origin.born))

    def hook(event, args):
        if state["busy"] or not state["left"] or (event != "exec" and event not in _EVENTS):
            return
        state["busy"] = True
        try:
            note(event, args)
        except Exception:  # telemetry must never change what the target sees
            pass
        finally:
            state["busy"] = False

    if hasattr(sys, "addaudithook"):
        sys.addaudithook(hook)
