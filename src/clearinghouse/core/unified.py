"""Writes what some hunks do to a release as a unified diff, for `patch -p1` and `git apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.hunks import Hunk, hunks_of, split_lines, with_hunks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CONTEXT = 3
_NO_END = b"\n\\ No newline at end of file\n"


def unified_diff(old: Mapping[str, bytes], hunks: Sequence[Hunk]) -> bytes:
    """The patch that applies `hunks` to the texts `old`, with three lines of context, paths in order."""
    by_path: dict[str, list[Hunk]] = {}
    for hunk in hunks:
        by_path.setdefault(hunk.path, []).append(hunk)
    parts = []
    for path, chosen in sorted(by_path.items()):
        before = old.get(path)
        parts.append(_file(path, before, with_hunks(before, chosen)))
    return b"".join(parts)


def _file(path: str, before: bytes | None, after: bytes | None) -> bytes:
    if before == after:
        return b""
    name = path.encode()
    lines = [b"diff --git a/%s b/%s\n" % (name, name)]
    if before is None:
        lines.append(b"new file mode 100644\n")
    if after is None:
        lines.append(b"deleted file mode 100644\n")
    old, new = split_lines(before or b""), split_lines(after or b"")
    if not old and not new:  # an empty file has no lines to show
        return b"".join(lines)
    lines.append(b"--- a/%s\n" % name if before is not None else b"--- /dev/null\n")
    lines.append(b"+++ b/%s\n" % name if after is not None else b"+++ /dev/null\n")
    for group in _groups(hunks_of(path, old, new)):
        lines += _group(group, old, new)
    return b"".join(lines)


def _groups(hunks: Sequence[Hunk]) -> list[list[Hunk]]:
    """Hunks whose contexts touch belong together."""
    groups: list[list[Hunk]] = []
    for hunk in hunks:
        if groups and hunk.start - _end(groups[-1][-1]) <= 2 * _CONTEXT:
            groups[-1].append(hunk)
        else:
            groups.append([hunk])
    return groups


def _end(hunk: Hunk) -> int:
    return hunk.start + len(hunk.old)


def _group(group: list[Hunk], old: Sequence[bytes], new: Sequence[bytes]) -> list[bytes]:
    start = max(0, group[0].start - _CONTEXT)
    end = min(len(old), _end(group[-1]) + _CONTEXT)
    new_start = group[0].start_new - (group[0].start - start)
    new_end = group[-1].start_new + len(group[-1].new) + (end - _end(group[-1]))
    lines = [b"@@ -%s +%s @@\n" % (_span(start, end - start), _span(new_start, new_end - new_start))]
    at = start
    for hunk in group:
        lines += [_line(b" ", line) for line in old[at : hunk.start]]
        lines += [_line(b"-", line) for line in hunk.old]
        lines += [_line(b"+", line) for line in new[hunk.start_new : hunk.start_new + len(hunk.new)]]
        at = _end(hunk)
    return lines + [_line(b" ", line) for line in old[at:end]]


def _span(start: int, count: int) -> bytes:
    """A range as patches write it: lines count from 1, an empty range names the line before it."""
    first = start + 1 if count else start
    return b"%d" % first if count == 1 else b"%d,%d" % (first, count)


def _line(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + _NO_END
