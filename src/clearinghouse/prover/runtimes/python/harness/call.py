"""Form 1: carries out the finder's steps on the target and reports what came of it. The job is JSON on stdin."""

import faulthandler
import io
import json
import linecache
import sys

from .channel import REPORT_DESCRIPTOR, Broken, Refused, say, use_key
from .clock import Sampler
from .effects import watch
from .frames import TARGET, Owner, frame_name
from .given import Given
from .references import prepare
from .steps import Session
from .tracing import Trace

MAX_SHOWN = 64 * 1024


def _text_of(value):
    try:
        text = repr(value)
    except Exception as error:  # a repr of the target's may raise anything
        text = "<repr failed: %s>" % type(error).__name__
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


def _names(error):
    return ["%s.%s" % (kind.__module__, kind.__qualname__) for kind in type(error).__mro__ if kind is not object]


def _chain(error):
    try:
        words = str(error)
    except Exception as second:  # rendering some exceptions fails itself
        words = "<text failed: %s>" % type(second).__name__
    return " < ".join(_names(error)) + ": " + words[:MAX_SHOWN]


def prepare_all(steps):
    """Import what the steps name before any clock runs, so that import time is never measured.

    Some modules need an earlier step first (settings, say): those are left to the step itself, which says what is
    wrong.
    """
    for step in steps:
        for key in ("call", "get"):
            reference = step.get(key)
            if isinstance(reference, str) and ":" in reference:
                prepare(reference)
        if "do" in step:
            prepare_all(step["do"])


def _first_cause(error, owner):
    """The error that began it all, where the target caught one of its own and raised another for it."""
    for _ in range(10):
        earlier = error.__cause__ or error.__context__
        if earlier is None or owner.of_traceback(earlier.__traceback__)[0] is None:
            break
        error = earlier
    return error


def _report_raised(error, session, owner):
    frame, line, _inside = owner.of_traceback(_first_cause(error, owner).__traceback__)
    inside = owner.of_traceback(error.__traceback__)[2]
    if not inside and isinstance(error, TypeError) and session.python:
        raise Broken("the call does not fit: %s" % error)
    say(
        done=True,
        text="raised " + _chain(error),
        recursion=isinstance(error, RecursionError) and inside,
        raised=_names(error) if frame is not None or not session.python else [],
        function=frame_name(frame) if frame is not None else session.called,
        line=linecache.getline(frame.f_code.co_filename, line).strip()[:120] if frame is not None else "",
    )


def _once(job, owner, size, sampler, trace):
    session = Session(owner, size, job["given"])
    prepare_all(job["steps"])
    if sampler:
        sampler.start(size)
    if trace:
        trace.start()
    try:
        session.run(job["steps"])
    except Broken:
        raise
    except BaseException as error:  # the target may raise what no `except Exception` catches
        if trace:
            trace.stop()
        spent = sampler.end() if sampler else 0.0
        _report_raised(error, session, owner)
        return spent
    if trace:
        trace.stop()
    spent = sampler.end() if sampler else 0.0
    session.weigh(0)
    shown = "\n".join(_text_of(session.values.bound(name)) for name in job["show"])
    say(done=True, text="returned " + shown, recursion=False, function=session.called)
    return spent


def _measure(job, owner):
    """Run every size in turn, each from nothing, until the budget is spent or the sizes are."""
    sampler = Sampler(owner, job["stop_after"])
    for size in job["sizes"] or [None]:
        spent = _once(job, owner, size, sampler, None)
        if job["until"] and spent >= job["until"]:
            break
    sampler.tell()


def carry_out(job, owner):
    """Run one job to its end; a faulty proof says `broken`, never silence."""
    use_key(job["key"])
    job["given"] = Given(job["needles"])
    faulthandler.enable(file=REPORT_DESCRIPTOR)
    watch(owner, job["needles"], job["judged"])
    try:
        if job["idle"]:
            prepare_all(job["steps"])
        elif job["clock"]:
            _measure(job, owner)
        else:
            trace = Trace(owner) if job["compare"] else None
            _once(job, owner, job["sizes"][0] if job["sizes"] else None, None, trace)
            if trace:
                say(changed=trace.changed(job["compare"]))
    except Refused as error:
        say(refused=str(error))
    except Broken as error:
        say(broken=str(error))
    say(end=True)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except Exception:  # the target may have closed or replaced them
        pass


def main():
    """Run the job on standard input."""
    job = json.loads(io.open(0, encoding="utf-8", closefd=False).read())
    sys.path.append(TARGET.rstrip("/"))
    carry_out(job, Owner(job["own"]))
