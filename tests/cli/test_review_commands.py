"""A model is offered, accepted, measured, reported on and, another one, withdrawn, from the shell."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from clearinghouse.adapters.signing import keys
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.cli.main import main
from clearinghouse.core.review.guards import CARD_FIELDS
from clearinghouse.reviews import services
from clearinghouse.reviews.models import Credential
from clearinghouse.reviews.terms import terms_now
from tests.reviews.factories import ADDRESS, HEX, SECRET, table

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.visibility import Actor

pytestmark = pytest.mark.django_db
Run = Callable[..., tuple[object, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `review` with that standard input, in a home of its own; its exit code and everything it said."""
    keys.make(tmp_path / "home" / "keys" / "signing.key")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(wiring, "settings", lambda: Settings(home=tmp_path / "home"))

    def _run(words: str, stdin: str = "") -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["clearinghouse", "review", *words.split()])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out + err

    return _run


def test_a_review_goes_from_the_submission_to_the_final_report(run: Run, tmp_path: Path) -> None:
    table()
    card = tmp_path / "card.toml"
    card.write_text("".join(f'{name} = "words"\n' for name in CARD_FIELDS))
    code, text = run(f"open model-lab --model M --card {card} --public 2199-01-01 --as dev")
    key = text.strip()
    assert (code, len(key)) == (0, 32)
    assert run("open model-lab --model M --as other")[0] == 66
    code, text = run(f"submit {key} --terms {HEX} --as dev")
    assert (code, "the terms as they are now" in text) == (75, True)
    assert terms_now().digest in run("terms")[1]
    assert run(f"submit {key} --terms {terms_now().digest} --as dev") == (0, f"{key}  submitted\n")
    code, text = run(f"credential {key} --as dev", f"{ADDRESS}\n{SECRET}\n")
    assert (code, text) == (0, f"{key}  credential sealed\n")
    assert (tmp_path / "home" / "keys" / "vault.key").stat().st_mode & 0o777 == 0o600
    assert SECRET.encode() not in bytes(Credential.objects.get().sealed or b"")
    for name, role in (("ada", "lead"), ("ben", "second"), ("eve", "evaluator"), ("agency", "observer")):
        assert run(f"appoint {key} {name} --role {role}")[0] == 0
    assert run(f"set-plan {key} --digest {HEX} --as ada")[0] == 0
    assert run(f"accept {key} --tokens 5 --opens 2026-01-01 --access-tested --as ada")[1] == f"{key}  submitted\n"
    assert run(f"accept {key} --as ben")[1] == f"{key}  accepted\n"
    services.strike(at=wiring.clock())
    code, text = run(f"start {key} --suite open --digest {HEX} --as eve")
    assert (code, len(text.strip())) == (0, 32)
    handed = services.release(text.strip(), vault=wiring.vault(), actor=table_actor("eve"), at=wiring.clock())
    assert handed == {"base_url": ADDRESS, "api_key": SECRET}, "the vault's own process opened it"
    assert run(f"pause {key} --as eve")[0] == run(f"resume {key} --as eve")[0] == run(f"close {key} --as ada")[0] == 0
    report = tmp_path / "report.json"
    report.write_text('{"figures": 1}')
    digest = run(f"draft {key} {report} --as ada")[1].strip()
    assert "comment by" in run(f"share {key} --as ada")[1]
    (tmp_path / "words.txt").write_text("We agree.\n")
    assert run(f"comment {key} {tmp_path / 'words.txt'} --as dev")[0] == 0
    assert run(f"finalise {key} --report {digest} --as ada")[1] == f"{key}  developer comment\n"
    assert run(f"finalise {key} --report {digest} --as ben")[1] == f"{key}  final\n"
    seen = json.loads(run(f"show {key} --as dev --json")[1])
    assert (seen["submission"]["comment"], seen["report"]) == ("We agree.\n", {"figures": 1})
    assert run(f"show {key} --as other")[0] == 66
    assert key in run("list --as agent --json")[1]
    assert run("list --as other --json") == (0, "")
    assert run(f"withdraw {key} --as dev")[0] == 75


def test_a_withdrawn_review_leaves_a_signed_receipt(run: Run) -> None:
    made = table().offered()
    code, text = run(f"withdraw {made.key} --as dev")
    assert (code, "receipt signed" in text) == (0, True)
    seen = json.loads(run(f"show {made.key} --as dev --json")[1])
    assert (seen["review"]["state"], seen["review"]["model"]) == ("withdrawn", "")
    assert "payload" in seen["receipt"]


def table_actor(handle: str) -> Actor:
    from clearinghouse.registry.queries import actor_of, person  # noqa: PLC0415

    return actor_of(person(handle))
