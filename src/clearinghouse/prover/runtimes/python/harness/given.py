"""Says what each step gives the target, so that two releases can be held to have got the same."""

import zlib

from .channel import say

MOST = 100  # calls that are told of
_ENDS = 1024  # characters of a long text that count, at each end
_DEEPEST, _WIDEST = 6, 64


class Given:
    """Tells, for the first calls of a run, a sum of the plain data that they were given."""

    def __init__(self, needles):
        self.needles = needles  # what is random in each run
        self.left = MOST

    def tell(self, place, *values):
        """Say what a step is about to give; before the call, which may not return."""
        if self.left:
            self.left -= 1
            say(given=place, sum=zlib.crc32(self._plain(values, 0).encode("utf-8", "backslashreplace")))

    def _plain(self, value, depth):
        """A text that is equal for equal data. Of what is no data only the kind counts."""
        if isinstance(value, str):
            return "s%d:%s" % (len(value), self._neutral(str.__str__(value)))
        if isinstance(value, (bytes, bytearray)):
            return "b%d:%s" % (len(value), self._neutral(bytes(value[:_ENDS] + value[-_ENDS:]).decode("latin-1")))
        if value is None or type(value) in (bool, int, float):
            return repr(value)
        if depth < _DEEPEST and isinstance(value, (list, tuple)):
            return "[%d:%s]" % (len(value), ",".join(self._plain(item, depth + 1) for item in value[:_WIDEST]))
        if depth < _DEEPEST and type(value) is dict:
            items = list(value.items())[:_WIDEST]
            return "{%d:%s}" % (len(value), ",".join(self._plain(item, depth + 1) for item in items))
        return "?"

    def _neutral(self, text):
        text = text if len(text) <= 2 * _ENDS else text[:_ENDS] + text[-_ENDS:]
        for needle in self.needles:
            text = text.replace(needle, "*")
        return text
