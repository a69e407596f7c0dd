"""`clearinghouse user|org|token` as a shell sees them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path  # noqa: TC003
from typing import Any

import pytest

from clearinghouse.bootstrap import wiring
from clearinghouse.cli.main import main
from clearinghouse.core.roles import Scope
from clearinghouse.registry.queries import actor_of_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process, on the test's own tables: exit code, stdout, stderr."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def _run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clearinghouse", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return _run


Run = Callable[..., tuple[int, str, str]]


def _json(done: tuple[int, str, str]) -> list[dict[str, Any]]:
    code, out, err = done
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def test_people_organisations_and_tokens_from_nothing(run: Run) -> None:
    [lab] = _json(run("org", "add", "Lab One", "--kind", "lab", "--embargo-days", "45", "--json"))
    assert lab == {"handle": "lab-one", "name": "Lab One", "kind": "lab"}
    [ada] = _json(
        run("user", "add", "Ada@example.org", "--name", "Ada", "--role", "coordinator", "--org", "lab-one", "--json")
    )
    assert ada["handle"] == "ada"
    assert ada["link"].startswith("http://localhost:8400/account/invitations/")
    [person] = _json(run("user", "list", "--json"))
    assert person["email"] == "ada@example.org"
    assert (person["roles"], person["organisations"]) == (["coordinator"], {"lab-one": "member"})

    [token] = _json(
        run("token", "create", "scanner", "--org", "lab-one", "--scope", "reports:submit", "--days", "5", "--json")
    )
    actor = actor_of_token(token["secret"], wiring.clock())
    assert actor is not None
    assert (actor.name, actor.scopes) == ("lab-one", {Scope.REPORTS_SUBMIT})
    [row] = _json(run("token", "list", "--org", "lab-one", "--json"))
    assert (row["prefix"], row["works"]) == (token["secret"][:12], True)
    assert token["secret"] not in json.dumps(row)
    assert run("token", "revoke", row["prefix"])[0] == 0
    assert actor_of_token(token["secret"], wiring.clock()) is None


def test_tables_and_words_are_for_people(run: Run) -> None:
    run("org", "add", "Lab One", "--kind", "lab")
    code, out, err = run("user", "invite", "ada@example.org", "--org", "lab-one", "--as", "manager")
    assert code == 0
    assert out.startswith("http://localhost:8400/account/invitations/")
    assert "works once" in err
    run("user", "add", "bo@example.org", "--name", "Bo")
    code, out, _ = run("org", "join", "lab-one", "bo", "--as", "manager")
    assert (code, out) == (0, "bo  manager of lab-one\n")
    assert "bo@example.org" in run("user", "list")[1]
    assert "manager bo <bo@example.org>" in run("org", "show", "lab-one")[1]
    assert "45 days" not in run("org", "list")[1]
    code, out, err = run("token", "create", "laptop", "--user", "bo", "--scope", "cases:read")
    assert out.startswith("clh_")
    assert "not shown again" in err
    assert "laptop, works" in run("user", "show", "bo")[1]
    assert "laptop" in run("token", "list")[1]


def test_what_a_rule_forbids_ends_with_its_exit_code(run: Run) -> None:
    run("org", "add", "Lab One", "--kind", "lab")
    run("user", "add", "ada@example.org", "--name", "Ada", "--org", "lab-one", "--as", "manager", "--role", "admin")
    code, _, err = run("org", "leave", "lab-one", "ada")
    assert (code, "last manager" in err) == (77, True)
    code, _, err = run("user", "revoke", "ada", "admin")
    assert (code, "last admin" in err) == (77, True)
    assert run("user", "grant", "ada", "publisher")[0] == 0
    assert run("user", "revoke", "ada@example.org", "publisher")[0] == 0
    assert run("user", "deactivate", "ada") == (0, "ada  deactivated\n", "")
    assert run("user", "deactivate", "ada")[0] == 75
    assert run("user", "reactivate", "ada") == (0, "ada  active again\n", "")
    assert run("user", "reactivate", "ada")[0] == 75
    assert run("user", "deactivate", "ada")[0] == 0
    assert run("user", "reset-factors", "ada")[0] == 75


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("user", "show", "nobody"), 66, "no person nobody"),
        (("user", "add", "ada", "--name", "Ada"), 2, "no e-mail address"),
        (("user", "add", "ada@example.org", "--name", "Ada", "--org", "none"), 66, "no organisation none"),
        (("org", "show", "none"), 66, "no organisation none"),
        (("org", "add", "Lab", "--kind", "lab", "--embargo-days", "-1"), 2, "embargo"),
        (("token", "create", "x", "--scope", "cases:read"), 2, "give --user or --org"),
        (("token", "create", "x", "--scope", "cases:read", "--user", "a", "--org", "b"), 2, "not both"),
        (("token", "create", "x", "--user", "a"), 2, "--scope"),
        (("token", "revoke", "clh_12345678"), 66, "no token"),
    ],
)
def test_wrong_input_is_answered_with_the_place_and_the_remedy(
    run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = run(*arguments)
    assert done[0] == code
    assert words in done[2]


def test_a_person_that_was_not_added_is_not_half_there(run: Run) -> None:
    assert run("user", "add", "ada@example.org", "--name", "Ada", "--org", "none")[0] == 66
    assert _json(run("user", "list", "--json")) == []


def test_help_imports_no_django(tmp_path: Path) -> None:
    code = "import sys; from clearinghouse.cli import main; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0
