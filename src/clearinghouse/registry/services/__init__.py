"""The verbs of this room: each checks the permission, makes the change and notes it, in one transaction."""

from __future__ import annotations

from clearinghouse.registry.services.credentials import note_factor, set_password
from clearinghouse.registry.services.invitations import MadeInvitation, accept, accept_as, invite
from clearinghouse.registry.services.members import add_member, change_role, remove_member
from clearinghouse.registry.services.names import know_finder
from clearinghouse.registry.services.organisations import create_organisation
from clearinghouse.registry.services.people import add_person, deactivate, grant, reactivate, reset_factors, revoke
from clearinghouse.registry.services.tokens import MadeToken, create_token, revoke_token, use_token

__all__ = [
    "MadeInvitation",
    "MadeToken",
    "accept",
    "accept_as",
    "add_member",
    "add_person",
    "change_role",
    "create_organisation",
    "create_token",
    "deactivate",
    "grant",
    "invite",
    "know_finder",
    "note_factor",
    "reactivate",
    "remove_member",
    "reset_factors",
    "revoke",
    "revoke_token",
    "set_password",
    "use_token",
]
