"""Where pages are opened over https, cookies travel over https alone, also behind a proxy that ends TLS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import json, re
from clearinghouse.bootstrap import wiring
wiring.ready()
from django.test import Client
client = Client(enforce_csrf_checks=True, HTTP_HOST="clearing.example.org", REMOTE_ADDR="192.0.2.7")
page = client.get("/account/sign-in")
token = re.search(r'csrfmiddlewaretoken" value="(\\w+)"', page.content.decode())[1]
form = {"login": "a@example.org", "password": "x", "csrfmiddlewaretoken": token}
ours, theirs = (client.post("/account/sign-in", form, HTTP_ORIGIN=f"https://{host}").status_code
                for host in ("clearing.example.org", "evil.example"))
cookies = {name: bool(cookie["secure"]) for name, cookie in client.cookies.items()}
print(json.dumps({"cookies": cookies, "ours": ours, "theirs": theirs}))
"""


@pytest.mark.parametrize(
    ("scheme", "cookies", "ours"),
    [("https", {"__Host-csrf": True}, 200), ("http", {"clearinghouse-csrf": False}, 403)],
)
def test_the_setting_says_what_cookies_and_origins_are_good_for(
    tmp_path: Path, scheme: str, cookies: dict[str, bool], ours: int
) -> None:
    environment = {
        **os.environ,
        "CLEARINGHOUSE_HOME": str(tmp_path),
        "CLEARINGHOUSE_URL": f"{scheme}://clearing.example.org",
        "CLEARINGHOUSE_ALLOWED_HOSTS": "clearing.example.org",
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"cookies": cookies, "ours": ours, "theirs": 403}
