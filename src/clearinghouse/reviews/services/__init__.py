"""The verbs of the room: offer a model, decide about it, run evaluations, report, end; and the clock."""

from clearinghouse.reviews.services.clock import effect, strike
from clearinghouse.reviews.services.deciding import (
    accept,
    appoint,
    decline,
    dismiss,
    draft,
    finalise,
    share,
    supersede,
)
from clearinghouse.reviews.services.holdout import Made, Picked, choice_of, keep_holdout, pick_holdout
from clearinghouse.reviews.services.ordering import Order, files_key
from clearinghouse.reviews.services.running import (
    close,
    finish,
    note_control,
    pause,
    put_credential,
    release,
    resume,
    revoke_credential,
    set_plan,
    start,
)
from clearinghouse.reviews.services.submission import (
    change_submission,
    comment,
    open_review,
    plan_release,
    submit,
    withdraw,
)

__all__ = [
    "Made",
    "Order",
    "Picked",
    "accept",
    "appoint",
    "change_submission",
    "choice_of",
    "close",
    "comment",
    "decline",
    "dismiss",
    "draft",
    "effect",
    "files_key",
    "finalise",
    "finish",
    "keep_holdout",
    "note_control",
    "open_review",
    "pause",
    "pick_holdout",
    "plan_release",
    "put_credential",
    "release",
    "resume",
    "revoke_credential",
    "set_plan",
    "share",
    "start",
    "strike",
    "submit",
    "supersede",
    "withdraw",
]
