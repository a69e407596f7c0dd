"""Form 2: watches a finder's script for where its effects come from, as well as that can be done from inside."""

import atexit
import faulthandler
import json
import os
import signal
import sys
import time

from .channel import REPORT_DESCRIPTOR, say
from .frames import TARGET, code_name, frame_name

_EVENTS = {"open", "os.mkdir", "os.rename", "os.symlink", "os.link", "os.system", "os.exec", "os.posix_spawn",
           "os.spawn", "subprocess.Popen", "shutil.copyfile", "os.truncate",
           "socket.connect"}  # fmt: skip
MAX_NOTES = 16
MAX_BORN = 1000
SAMPLE_SECONDS = 0.01
_STDLIB = os.path.dirname(os.__file__) + "/"


def _shape(code):
    constants = tuple(
        _shape(item) if hasattr(item, "co_code") else (type(item).__name__, repr(item)) for item in code.co_consts
    )
    return (code.co_name, code.co_firstlineno, code.co_code, code.co_names, code.co_varnames, constants)


def _shapes(code, found):
    found.add(_shape(code))
    for item in code.co_consts:
        if hasattr(item, "co_code"):
            _shapes(item, found)
    return found


def _textual(code):
    """Whether code was made from a text at run time rather than loaded from a file."""
    return code.co_filename.startswith("<") and not code.co_filename.startswith("<frozen")


class Witness:
    """Tells the target's own frames from borrowed names: compares code with the read-only file it says it is from."""

    def __init__(self, own):
        self.own = frozenset(own)
        self.known = {}
        self.born = []  # code that the target itself handed to eval or exec
        self.judged = {}  # id -> (code, answer); keeping the code keeps its id its own

    def genuine(self, code):
        """True for the target's own code, None for somebody else's, False for code under a borrowed file name."""
        known = self.judged.get(id(code))
        if known is None:
            known = (code, self._judge(code))
            self.judged[id(code)] = known
        return known[1]

    def bear(self, code):
        """Take code, and what it holds, for the target's own: the target made it from text."""
        self.born.append(code)
        self.judged[id(code)] = (code, True)
        for item in code.co_consts:
            if hasattr(item, "co_code"):
                self.bear(item)

    def _judge(self, code):
        path = code.co_filename
        if not path.startswith(TARGET) or path[len(TARGET) :] not in self.own:
            return None
        if path not in self.known:
            with open(path, "rb") as stream:
                self.known[path] = _shapes(compile(stream.read(), path, "exec", dont_inherit=True), set())
        return _shape(code) in self.known[path]

    def passes(self, code):
        """Whether a frame may stand between effect and target: standard library, frozen modules, companions."""
        path = code.co_filename
        return path.startswith((_STDLIB, "<frozen", TARGET))

    def origin(self, frame):
        """(function of the target or None, doubt or None): the first frame outward that is not passed over."""
        while frame is not None:
            code = frame.f_code
            genuine = self.genuine(code)
            if genuine is False:
                return None, "code under the name of %s is not that file's" % code.co_filename
            if genuine:
                if code.co_filename.startswith(TARGET):
                    return frame_name(frame), None
                return self._enclosing(frame.f_back), None
            if not self.passes(code):
                return None, None
            frame = frame.f_back
        return None, None

    def _enclosing(self, frame):
        while frame is not None:
            if self.genuine(frame.f_code) and frame.f_code.co_filename.startswith(TARGET):
                return frame_name(frame)
            frame = frame.f_back
        return None


def watch_script():
    """Start watching; called once, before the script's first line."""
    spec = os.environ.pop("CLEARINGHOUSE_WATCH", "")
    if not spec:
        return
    job = json.loads(spec)
    witness = Witness(job["own"])
    needles = job["needles"]
    state = {"left": MAX_NOTES, "busy": False}

    def hook(event, args):
        if state["busy"] or (event != "exec" and event not in _EVENTS):
            return
        state["busy"] = True
        try:
            frame = sys._getframe(0).f_back
            if event == "exec":
                code = args[0] if args else None
                if frame is not None and hasattr(code, "co_code") and _textual(code) and len(witness.born) < MAX_BORN:
                    function, _doubt = witness.origin(frame)
                    if function is not None:
                        witness.bear(code)
            elif state["left"] and any(needle in repr(args) for needle in needles):
                state["left"] -= 1
                function, doubt = witness.origin(frame)
                say(effect=event, function=function, doubt=doubt)
        except Exception:  # telemetry must never change what the script sees
            pass
        finally:
            state["busy"] = False

    sys.addaudithook(hook)
    faulthandler.enable(file=REPORT_DESCRIPTOR)
    if job["sample"]:
        _sample(witness)


def _sample(witness):
    """Say regularly in which function of the target CPU time goes; a script that replaces the handler loses by it."""
    counts = {}
    state = {"total": 0, "told": 0.0}

    def handler(_number, frame):
        function, doubt = witness.origin(frame)
        state["total"] += 1
        if function is not None and doubt is None:
            counts[function] = counts.get(function, 0) + 1
        now = time.monotonic()
        if now - state["told"] >= 0.1:
            state["told"] = now
            best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:4]
            say(samples=state["total"], inside=best)

    # The interpreter gives SIGPROF its deadly default back before it has ended: the timer must stop first.
    atexit.register(signal.setitimer, signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, handler)
    signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)


__all__ = ["Witness", "code_name", "watch_script"]
