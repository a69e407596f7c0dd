"""The verbs of the room: reports answered, cases ranked, who takes part, the embargo and its clock, facts, messages."""

from clearinghouse.cases.access import hold
from clearinghouse.cases.services.answers import (
    answer_late,
    assess,
    hold_package,
    is_matched,
    note_match_attempt,
    rank,
    settle,
)
from clearinghouse.cases.services.clock import end_due
from clearinghouse.cases.services.embargo import (
    answer_proposal,
    decide_embargo,
    end_embargo,
    go_without,
    propose_embargo,
)
from clearinghouse.cases.services.facts import Status, declare_deployment, report_status, state_fact, take_step
from clearinghouse.cases.services.merging import merge_cases, split_case
from clearinghouse.cases.services.messages import post_message
from clearinghouse.cases.services.participation import (
    answer_invitation,
    change_roles,
    invite,
    leave,
    name_person,
    set_tlp,
)
from clearinghouse.cases.services.review_use import answer_review_use

__all__ = [
    "Status",
    "answer_invitation",
    "answer_late",
    "answer_proposal",
    "answer_review_use",
    "assess",
    "change_roles",
    "decide_embargo",
    "declare_deployment",
    "end_due",
    "end_embargo",
    "go_without",
    "hold",
    "hold_package",
    "invite",
    "is_matched",
    "leave",
    "merge_cases",
    "name_person",
    "note_match_attempt",
    "post_message",
    "propose_embargo",
    "rank",
    "report_status",
    "set_tlp",
    "settle",
    "split_case",
    "state_fact",
    "take_step",
]
