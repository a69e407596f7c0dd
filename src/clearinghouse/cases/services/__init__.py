"""The verbs of the room, by what they are about: answers to reports and rank of cases."""

from clearinghouse.cases.services.answers import (
    answer_late,
    assess,
    hold_package,
    is_matched,
    note_match_attempt,
    rank,
    settle,
)

__all__ = ["answer_late", "assess", "hold_package", "is_matched", "note_match_attempt", "rank", "settle"]
