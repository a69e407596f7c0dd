"""The verbs of the room, by what they are about: answers to reports and rank of cases, who takes part, the embargo."""

from clearinghouse.cases.services.answers import (
    answer_late,
    assess,
    hold_package,
    is_matched,
    note_match_attempt,
    rank,
    settle,
)
from clearinghouse.cases.services.embargo import (
    answer_proposal,
    decide_embargo,
    end_embargo,
    go_without,
    propose_embargo,
)
from clearinghouse.cases.services.participation import (
    answer_invitation,
    change_roles,
    invite,
    leave,
    name_person,
    set_tlp,
)

__all__ = [
    "answer_invitation",
    "answer_late",
    "answer_proposal",
    "assess",
    "change_roles",
    "decide_embargo",
    "end_embargo",
    "go_without",
    "hold_package",
    "invite",
    "is_matched",
    "leave",
    "name_person",
    "note_match_attempt",
    "propose_embargo",
    "rank",
    "set_tlp",
    "settle",
]
