"""Django's settings, all derived from `Settings`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.utils.functional import SimpleLazyObject

from clearinghouse.bootstrap import database
from clearinghouse.bootstrap.settings import Settings

SETTINGS = Settings()


def _secret() -> str:
    """The operator's secret, or one made once and kept in `home`; never a constant."""
    if SETTINGS.secret_key:
        return SETTINGS.secret_key
    path = SETTINGS.root / "secret"
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    SETTINGS.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".secret.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)  # the first of several starting at once wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()


SECRET_KEY = SimpleLazyObject(_secret)  # most commands never need it, and must not write for it
DEBUG = SETTINGS.debug
ALLOWED_HOSTS = [host.strip() for host in SETTINGS.allowed_hosts.split(",") if host.strip()]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "registry.Person"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "clearinghouse.journal",
    "clearinghouse.traffic",
    "clearinghouse.registry",
    "clearinghouse.proofs",
    "clearinghouse.intake",
    "clearinghouse.cases",
    "clearinghouse.advisories",
    "clearinghouse.reviews",
]
DATABASES = {"default": database.for_django(SETTINGS)}
ROOT_URLCONF = "clearinghouse.bootstrap.urls"
MIDDLEWARE = [
    "clearinghouse.web.middleware.headers",
    "clearinghouse.api.middleware.shape",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clearinghouse.web.middleware.actor",
    "clearinghouse.web.accounts.middleware.second_factor",
]
APPEND_SLASH = False
STATIC_URL = "/static/"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent.parent / "web" / "templates"],
        "OPTIONS": {
            "autoescape": True,
            "builtins": ["clearinghouse.web.tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "clearinghouse.web.answers.shared",
            ],
        },
    },
]

# Sessions and forms. Cookies are for https alone where the pages are; plain http is for this very machine.
HTTPS = SETTINGS.url.startswith("https://")
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "clearinghouse-session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "clearinghouse-csrf"
CSRF_TRUSTED_ORIGINS = [SETTINGS.url] if HTTPS else []  # behind a proxy that ends TLS the request itself is plain
CSRF_FAILURE_VIEW = "clearinghouse.web.accounts.entrance.forgery"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Counts of attempts are shared by all processes and outlive them.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

# Sign-in: by e-mail address, invited people only; there is no address under which anybody could sign up.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email",)},
    },
]
PASSWORD_RESET_TIMEOUT = 60 * 60
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"
ACCOUNT_ADAPTER = "clearinghouse.web.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation went to the address, and its secret came back
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ALLAUTH_TRUSTED_PROXY_COUNT = SETTINGS.proxies
MFA_ADAPTER = "clearinghouse.web.accounts.adapter.MfaAdapter"
MFA_FORMS = {
    "add_webauthn": "clearinghouse.web.accounts.credentials.AddPasskeyForm",
    "authenticate_webauthn": "clearinghouse.web.accounts.credentials.PasskeyForm",
    "login_webauthn": "clearinghouse.web.accounts.credentials.PasskeySignInForm",
    "reauthenticate_webauthn": "clearinghouse.web.accounts.credentials.PasskeyConfirmForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "clearinghouse"
MFA_TOTP_TOLERANCE = 1  # clocks of phones go wrong

# Mail carries links and nothing else.
EMAIL_BACKEND = f"django.core.mail.backends.{'filebased' if SETTINGS.mail == 'file' else SETTINGS.mail}.EmailBackend"
EMAIL_FILE_PATH = SETTINGS.root / "mail"
DEFAULT_FROM_EMAIL = SETTINGS.mail_from
EMAIL_HOST, EMAIL_PORT = SETTINGS.smtp_host, SETTINGS.smtp_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = SETTINGS.smtp_user, SETTINGS.smtp_password
EMAIL_USE_TLS, EMAIL_USE_SSL = SETTINGS.smtp_security == "starttls", SETTINGS.smtp_security == "tls"
EMAIL_TIMEOUT = 20
LOGGING_CONFIG = None  # `bootstrap.logs` speaks for every logger
