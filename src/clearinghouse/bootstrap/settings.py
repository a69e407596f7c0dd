"""What an operator can set, each by an environment variable CLEARINGHOUSE_…; everything has a default that works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "clearinghouse"


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "clearinghouse"


class Settings(BaseSettings):
    """The operator's choices. Everything the server writes lies under `home`, but for `cache`, which may be lost."""

    model_config = SettingsConfigDict(env_prefix="CLEARINGHOUSE_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=_default_home, description="the folder that holds everything")
    cache: Path = Field(
        default_factory=_default_cache, description="installed targets, shared by all runs; may be deleted"
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="a PostgreSQL database, postgresql://user:password@host/name; empty: SQLite files in `home`",
    )
    signing_key: Path | None = Field(
        default=None, description="the private key that signs verdicts and seals; unset: `keys/signing.key` in `home`"
    )
    vault_key: Path | None = Field(
        default=None,
        description="the key under which credentials of reviews are sealed; unset: `keys/vault.key` in `home`",
    )
    seal_minutes: int = Field(
        default=10, ge=0, le=60 * 24 * 366, description="the worker seals the journal this often; 0: never by itself"
    )
    secret_key: str = Field(default="", description="Django's secret; empty: one is made and kept in `home`")
    debug: bool = Field(default=False, description="show tracebacks in pages")
    allowed_hosts: str = Field(
        default="localhost,127.0.0.1,[::1]", description="host names served, separated by commas"
    )
    url: str = Field(
        default="http://localhost:8400",
        pattern=r"^https?://[^/?#\s]+$",
        description="where people open the pages, without a slash at the end; links in mails begin with it",
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=8,
        description="how many trusted proxies stand before the pages, each adding to X-Forwarded-For",
    )
    mail: Literal["file", "console", "smtp"] = Field(
        default="file", description="where mails go: into `mail` in `home`, to standard output, or out by SMTP"
    )
    mail_from: str = Field(default="clearinghouse@localhost", description="the sender of mails")
    smtp_host: str = Field(default="localhost", description="the mail server")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="its port")
    smtp_user: str = Field(default="", description="the account there; empty: none")
    smtp_password: str = Field(default="", description="its password")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="how mail is protected on its way there"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="diagnostics on stderr"
    )
    api_token_limit: int = Field(default=600, ge=1, description="requests a minute to the API with one token")
    api_address_limit: int = Field(default=60, ge=1, description="requests a minute to the API without one, by address")
    api_report_limit: int = Field(default=120, ge=1, description="reports a minute from one sender")

    @property
    def root(self) -> Path:
        """`home`, absolute, with ~ resolved."""
        return self.home.expanduser().absolute()

    def invitation_link(self, secret: str) -> str:
        """What whoever was invited opens."""
        return f"{self.url}/account/invitations/{secret}"

    @property
    def database(self) -> Path:
        """The rooms' tables, without `database_url`."""
        return self.root / "clearinghouse.sqlite3"

    @property
    def jobs_database(self) -> Path:
        """The job engine's own tables, without `database_url`."""
        return self.root / "jobs.sqlite3"

    @property
    def published(self) -> Path:
        """What the world may see."""
        return self.root / "published"

    @property
    def published_seals(self) -> Path:
        """The seals of the journal, one file each."""
        return self.published / "journal"

    @property
    def key_file(self) -> Path:
        """Where the private key that signs verdicts lies, if there is one."""
        return (self.signing_key or self.root / "keys" / "signing.key").expanduser().absolute()

    @property
    def vault_file(self) -> Path:
        """Where the key lies under which credentials of reviews are sealed; made when it is first needed."""
        return (self.vault_key or self.root / "keys" / "vault.key").expanduser().absolute()

    @property
    def evaluations(self) -> Path:
        """What evaluations of models leave, each in a folder of its own, named by its key."""
        return self.root / "evaluations"

    @property
    def prover_state(self) -> Path:
        """Traces of runs in progress, swept at start."""
        return self.root / "state"
