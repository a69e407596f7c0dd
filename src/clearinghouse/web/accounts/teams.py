"""An organisation's page for its members; its managers invite, change and remove members and make its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.mail import EmailMessage
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import ClearinghouseError, NotFound, Refused
from clearinghouse.core.roles import OrganisationRole
from clearinghouse.registry import queries, services
from clearinghouse.web.accounts.adapter import post
from clearinghouse.web.accounts.forms import InviteForm, MemberForm, TokenForm
from clearinghouse.web.accounts.own import made_token
from clearinghouse.web.accounts.who import person_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_safe
def page(request: HttpRequest, handle: str) -> HttpResponse:
    """Who acts for the organisation."""
    return _page(request, *_organisation(request, handle))


@login_required
@require_POST
def invite(request: HttpRequest, handle: str) -> HttpResponse:
    """Mail an invitation. What is answered does not tell whether the address has an account."""
    organisation, row = _organisation(request, handle, manager=True)
    form = InviteForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            made = services.invite(
                asked["email"],
                actor=queries.actor_of(person_of(request)),
                at=wiring.clock(),
                organisation=organisation,
                role=OrganisationRole(asked["role"]),
            )
        except ClearinghouseError as error:
            form.add_error(None, str(error))
        else:
            mail_invitation(made)
            return _page(request, organisation, row, invited=made)
    return _page(request, organisation, row, invite_form=form, status=400)


@login_required
@require_POST
def new_token(request: HttpRequest, handle: str) -> HttpResponse:
    """Make a token that acts for the organisation, and show its secret this once."""
    organisation, row = _organisation(request, handle, manager=True)
    form = TokenForm(request.POST)
    made = made_token(request, form, organisation.party)
    if made is None:
        return _page(request, organisation, row, token_form=form, status=400)
    back = reverse("organisation", args=[row.handle])
    return render(request, "account/token.html", {"made": made, "back": back})


@login_required
@require_POST
def change(request: HttpRequest, handle: str, member: str) -> HttpResponse:
    """Give a member another role, or remove it; a member may remove itself."""
    organisation, row = _organisation(request, handle)
    form = MemberForm(request.POST)
    actor = queries.actor_of(person_of(request))
    known = {one.handle for one in queries.members(organisation, actor)}
    if member not in known or not form.is_valid():
        raise Http404
    person, role = queries.person(member), form.cleaned_data["role"]
    try:
        if role:
            services.change_role(person, organisation, OrganisationRole(role), actor=actor, at=wiring.clock())
        else:
            services.remove_member(person, organisation, actor=actor, at=wiring.clock())
    except (Refused, NotFound) as error:
        return _page(request, organisation, row, refused=str(error), status=400)
    if not role and person == request.user:
        return HttpResponseRedirect(reverse("account"))
    return HttpResponseRedirect(reverse("organisation", args=[row.handle]))


def mail_invitation(made: services.MadeInvitation) -> None:
    """Send the link of a new invitation to the address it is for; the mail says nothing else."""
    text = render_to_string("account/email/invitation.txt", {"link": wiring.settings().invitation_link(made.secret)})
    post(EmailMessage("An invitation", text, to=[made.email]))


def _organisation(request: HttpRequest, handle: str, *, manager: bool = False) -> tuple[Any, queries.OrganisationRow]:
    """An organisation that the person is in, or manages; any other does not exist."""
    rows = {row.handle: row for row in queries.organisations(queries.actor_of(person_of(request))) if row.role}
    row = rows.get(handle)
    if row is None or (manager and row.role is not OrganisationRole.MANAGER):
        raise Http404
    return queries.organisation(handle), row


def _page(
    request: HttpRequest, organisation: Any, row: queries.OrganisationRow, status: int = 200, **values: Any
) -> HttpResponse:
    actor = queries.actor_of(person_of(request))
    manages = row.role is OrganisationRole.MANAGER
    context = {
        "organisation": row,
        "manages": manages,
        "members": queries.members(organisation, actor),
        "tokens": queries.tokens(actor, at=wiring.clock(), owner=organisation.party),
        "invite_form": InviteForm(),
        "token_form": TokenForm(),
        "me": actor.name,
        **values,
    }
    return render(request, "account/organisation.html", context, status=status)
