"""Measures CPU time of the steps alone: imports are done before, each size starts from nothing."""

import os
import resource
import signal
import time

from .channel import say
from .frames import frame_name

SAMPLE_SECONDS = 0.01


def used():
    """CPU seconds of this process and of its finished children."""
    mine, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


class Sampler:
    """Counts in which function of the target CPU time is spent, and ends the run when it has used its share.

    A signal handler runs between bytecodes, and inside `re` too; a C extension that never returns is stopped from
    outside.
    """

    def __init__(self, owner, stop_after):
        self.owner = owner
        self.stop_after = stop_after
        self.began = used()
        self.size = None
        self.counts = {}
        self.total = 0

    def _sample(self, _number, frame):
        self.total += 1
        own = self.owner.innermost(frame)
        if own is not None:
            name = frame_name(own)
            self.counts[name] = self.counts.get(name, 0) + 1
        spent = used() - self.began
        if spent >= self.stop_after:
            self.tell()
            say(size=self.size, cpu=spent, finished=False)
            os._exit(0)

    def start(self, size):
        """Begin the clock for one size (None without sizes)."""
        self.size = size
        self.began = used()
        say(armed=self.began, size=size, at=time.monotonic())
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)

    def end(self):
        """Stop the clock and say what this size took; returns CPU seconds."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        spent = used() - self.began
        say(size=self.size, cpu=spent, finished=True)
        return spent

    def tell(self):
        """Say where the samples fell, the most frequent first."""
        if self.total:
            best = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))[:4]
            say(samples=self.total, inside=best)
