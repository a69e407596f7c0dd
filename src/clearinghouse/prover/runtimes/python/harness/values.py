"""Builds the values of a step from their JSON form."""

import io

from .channel import Broken
from .references import refuse_handing_over, resolve, walk

MAX_LENGTH = 64 * 1024 * 1024
HOME = "/proof/"


class Values:
    """Builds values against the names bound so far and the current size."""

    def __init__(self, names, owner, size=None):
        self.names = names
        self.owner = owner
        self.size = size
        self.built = 0  # bytes that were made from the steps alone

    def number(self, spec):
        """A count: a number, or {"$size": factor}."""
        value = self.build(spec)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Broken("a count must be a number, not %s" % type(value).__name__)
        return max(0, int(round(value)))

    def bound(self, reference):
        """What "$name.attr.0" means."""
        name, _, rest = reference.lstrip("$").partition(".")
        if name not in self.names:
            raise Broken("$%s is not bound by an earlier step" % name)
        value = self.names[name]
        return walk(value, rest.split("."), reference) if rest else value

    def build(self, spec):
        """The Python value of a JSON form."""
        if isinstance(spec, list):
            return [self.build(item) for item in spec]
        if not isinstance(spec, dict):
            return spec
        mark = next((key for key in spec if key.startswith("$")), None)
        if mark is None:
            return {key: self.build(item) for key, item in spec.items()}
        return getattr(self, "_" + mark[1:] if mark != "$" else "_name")(spec[mark])

    def _name(self, inner):
        return self._handed(self.bound(inner), inner)

    def _import(self, inner):
        return self._handed(resolve(inner), inner)

    def _handed(self, value, reference):
        refuse_handing_over(value, reference, self.owner.owns)
        return value

    def _bytes(self, inner):
        value = _joined(self.build(inner))
        try:
            return value.encode("latin-1")
        except (AttributeError, UnicodeEncodeError) as error:
            raise Broken("$bytes takes a text of Latin-1: %s" % error)

    def _hex(self, inner):
        return self._weighed(bytes.fromhex(inner))

    def _weighed(self, value):
        self.built += len(value) * (1 if isinstance(value, (str, bytes)) else 8)
        return value

    def _text(self, inner):
        with io.open(HOME + inner, encoding="utf-8", newline="") as stream:
            try:
                return self._weighed(stream.read())
            except UnicodeDecodeError as error:
                raise Broken("$text of %s: %s; read it with $read" % (inner, error))

    def _read(self, inner):
        with io.open(HOME + inner, "rb") as stream:
            return self._weighed(stream.read())

    def _path(self, inner):
        return HOME + inner

    def _rep(self, inner):
        value, count = self.build(inner[0]), self.number(inner[1])
        if not isinstance(value, (str, bytes, list, tuple)):
            raise Broken("$rep repeats a text, bytes or a list, not %s" % type(value).__name__)
        if len(value) * count > MAX_LENGTH:
            raise Broken("$rep would be longer than %d" % MAX_LENGTH)
        return self._weighed(value * count)

    def _cat(self, inner):
        return _joined(self.build(inner))

    def _size(self, inner):
        if self.size is None:
            raise Broken("$size has a meaning only under the oracles cpu and memory")
        return max(1, int(round(inner * self.size)))

    def _tuple(self, inner):
        return tuple(self._items("$tuple", inner))

    def _set(self, inner):
        value = self._items("$set", inner)
        try:
            return set(value)
        except TypeError as error:
            raise Broken("$set: %s" % error)

    def _iter(self, inner):
        return iter(self._items("$iter", inner))

    def _aiter(self, inner):
        return _aiterate(self._items("$aiter", inner))

    def _items(self, mark, inner):
        value = self.build(inner)
        if value is None or isinstance(value, (bool, int, float)):
            raise Broken("%s takes a list, not %s" % (mark, type(value).__name__))
        return value

    def _stream(self, inner):
        value = self.build(inner)
        if not isinstance(value, (str, bytes)):
            raise Broken("$stream takes a text or bytes, not %s" % type(value).__name__)
        return io.BytesIO(value if isinstance(value, bytes) else value.encode("utf-8"))

    def _none(self, inner):
        return None


async def _aiterate(items):
    for item in items:
        yield item


def _joined(value):
    if isinstance(value, (str, bytes)):
        return value
    if not isinstance(value, list) or not value:
        raise Broken("$cat and $bytes take a text or a list of texts or bytes")
    empty = b"" if isinstance(value[0], bytes) else [] if isinstance(value[0], list) else ""
    try:
        if isinstance(empty, list):
            return [item for part in value for item in part]
        return empty.join(value)
    except TypeError as error:
        raise Broken("$cat of unlike parts: %s" % error)
