"""Notes which function of the target caused an effect on a canary, by audit events. Telemetry, not the verdict."""

import sys

from .channel import say
from .frames import frame_name

_EVENTS = {"open", "os.mkdir", "os.rename", "os.symlink", "os.link", "os.system", "os.exec", "os.posix_spawn",
           "os.spawn", "subprocess.Popen", "os.listdir", "os.scandir", "shutil.copyfile", "os.truncate",
           "socket.connect"}  # fmt: skip
MAX_NOTES = 8


def watch(owner, needles):
    """From now on, say for each event that touches a canary (its text holds one of `needles`) where it came from."""
    state = {"left": MAX_NOTES, "busy": False}

    def hook(event, args):
        if event not in _EVENTS or state["busy"] or not state["left"]:
            return
        state["busy"] = True
        try:
            text = repr(args)
            if any(needle in text for needle in needles):
                state["left"] -= 1
                frame = owner.innermost(sys._getframe(0).f_back)
                say(effect=event, function=frame_name(frame) if frame is not None else None)
        except Exception:  # telemetry must never change what the target sees
            pass
        finally:
            state["busy"] = False

    if hasattr(sys, "addaudithook"):
        sys.addaudithook(hook)
