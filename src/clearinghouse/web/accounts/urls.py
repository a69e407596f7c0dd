"""Every address below /account: those of the sign-in library that we use, each named here, and our own."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.webauthn import views as passkeys
from django.urls import path

from clearinghouse.web.accounts import entrance, factors, own, teams

urlpatterns = [
    path("", own.page, name="account"),
    path("/tokens", own.new_token, name="account-token-new"),
    path("/tokens/<str:key>/revoke", own.end_token, name="account-token-revoke"),
    path("/organisations/<str:handle>", teams.page, name="organisation"),
    path("/organisations/<str:handle>/invite", teams.invite, name="organisation-invite"),
    path("/organisations/<str:handle>/tokens", teams.new_token, name="organisation-token-new"),
    path("/organisations/<str:handle>/members/<str:member>", teams.change, name="organisation-member"),
    path("/invitations/<str:secret>", entrance.open_invitation, name="invitation"),
    path("/invitation", entrance.invitation, name="invitation-open"),
    path("/sign-in", factors.with_script(account.login), name="account_login"),
    path("/sign-out", account.logout, name="account_logout"),
    path("/inactive", account.account_inactive, name="account_inactive"),
    path("/confirm", account.reauthenticate, name="account_reauthenticate"),
    path("/password", account.password_change, name="account_change_password"),
    path("/password/first", account.password_set, name="account_set_password"),
    path("/password/forgotten", account.password_reset, name="account_reset_password"),
    path("/password/forgotten/sent", account.password_reset_done, name="account_reset_password_done"),
    path(
        "/password/new/<str:uidb36>/<str:key>", account.password_reset_from_key, name="account_reset_password_from_key"
    ),
    path("/password/new", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("/factors", mfa.index, name="mfa_index"),
    path("/factors/code", factors.with_script(mfa.authenticate), name="mfa_authenticate"),
    path("/factors/confirm", factors.with_script(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("/factors/app", factors.activate_totp, name="mfa_activate_totp"),
    path("/factors/app/remove", factors.deactivate_totp, name="mfa_deactivate_totp"),
    path("/factors/recovery", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("/factors/recovery/new", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("/factors/passkeys", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("/factors/passkeys/new", factors.with_script(factors.add_passkey), name="mfa_add_webauthn"),
    path("/factors/passkeys/sign-in", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path(
        "/factors/passkeys/confirm",
        factors.with_script(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("/factors/passkeys/<int:pk>/remove", factors.remove_passkey, name="mfa_remove_webauthn"),
    path("/factors/passkeys/<int:pk>/name", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
]
