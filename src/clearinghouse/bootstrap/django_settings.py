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
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "clearinghouse.journal",
    "clearinghouse.traffic",
    "clearinghouse.registry",
    "clearinghouse.proofs",
    "clearinghouse.intake",
    "clearinghouse.cases",
    "clearinghouse.advisories",
]
DATABASES = {"default": database.for_django(SETTINGS)}
ROOT_URLCONF = "clearinghouse.bootstrap.urls"
MIDDLEWARE = [
    "clearinghouse.web.middleware.headers",
    "clearinghouse.api.middleware.shape",
    "clearinghouse.web.middleware.actor",
]
APPEND_SLASH = False
STATIC_URL = "/static/"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent.parent / "web" / "templates"],
        "OPTIONS": {"autoescape": True, "builtins": ["clearinghouse.web.tags"]},
    },
]
LOGGING_CONFIG = None  # `bootstrap.logs` speaks for every logger
