"""`keys`, `prove --attest` and `verify-attestation`: who proves never opens the key, who verifies hears what holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.formats.intoto import Attested
from tests.cli.test_prove import EXAMPLES, OLD, SILENT, bundle
from tests.core.test_typed_json import RESULT

COMMAND = Path(sys.executable).with_name("clearinghouse")


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    command = [str(COMMAND), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=600, env={**os.environ, **environment}
    )


def attest(folder: Path, result: Any = RESULT) -> tuple[Path, Path]:
    """A key and a file that it signed."""
    keys.make(folder / "k")
    file = folder / "signed.json"
    file.write_bytes(envelope.sign(Attested("my-proof", result), keys.load_private(folder / "k")))
    return file, keys.public_file(folder / "k")


def test_a_key_is_made_once_where_the_setting_says_and_shown_for_publication(tmp_path: Path) -> None:
    where = {"CLEARINGHOUSE_HOME": str(tmp_path / "home")}
    made = run("keys", "init", "--json", **where)
    said = json.loads(made.stdout)
    assert said["private"] == str(tmp_path / "home" / "keys" / "signing.key")
    shown = run("keys", "show", **where).stdout
    assert shown.splitlines()[0] == f"key {said['key_id']}"
    assert Path(said["public"]).read_text() in shown
    again = run("keys", "init", **where)
    assert (again.returncode, again.stderr.count("\n")) == (75, 1)
    elsewhere = run("keys", "init", CLEARINGHOUSE_SIGNING_KEY=str(tmp_path / "own"), **where)
    assert f"private {tmp_path / 'own'}\n" in elsewhere.stdout
    assert json.loads(run("keys", "show", "--json", "--key", tmp_path / "own").stdout)["key_id"] in elsewhere.stdout


def test_showing_a_key_does_not_need_the_private_half(tmp_path: Path) -> None:
    keys.make(tmp_path / "k")
    (tmp_path / "k").unlink()
    assert run("keys", "show", "--key", tmp_path / "k").returncode == 0
    assert run("keys", "show", "--key", tmp_path / "other").returncode == 66


def test_verifying_says_what_was_attested(tmp_path: Path) -> None:
    file, public = attest(tmp_path)
    done = run("verify-attestation", file, "--key", public)
    assert done.returncode == 0, done.stderr
    assert "verdict proven, grade A" in done.stdout
    assert f"bundle {RESULT.id}, called my-proof" in done.stdout
    said = json.loads(run("verify-attestation", file, "--key", public, "--json").stdout)
    assert said == {
        "key_id": keys.load_public(public).keyid,
        "name": "my-proof",
        **json.loads(json.dumps(RESULT.as_json())),
    }


def test_each_fault_has_its_exit_code(tmp_path: Path) -> None:
    file, public = attest(tmp_path)
    changed = tmp_path / "changed.json"
    content = bytearray(file.read_bytes())
    content[20] = ord("A") if content[20] != ord("A") else ord("B")
    changed.write_bytes(content)
    (tmp_path / "none.json").write_text("{}\n")
    other = bundle(tmp_path / "b", SILENT)
    codes = [
        run("verify-attestation", *arguments).returncode
        for arguments in (
            (changed, "--key", public),
            (file, "--key", public, "--bundle", other),
            (tmp_path / "none.json", "--key", public),
            (file, "--key", public, "--bundle", tmp_path / "none.json"),
            (file, "--key", tmp_path / "k"),
            (tmp_path / "absent", "--key", public),
            (file,),
        )
    ]
    assert codes == [1, 1, 65, 65, 65, 66, 2]


def test_prove_without_a_key_says_so_before_anything_is_run(tmp_path: Path) -> None:
    nowhere = {"CLEARINGHOUSE_HOME": str(tmp_path / "home")}
    done = run("prove", bundle(tmp_path / "b", SILENT), "--attest", tmp_path / "out", **nowhere)
    assert (done.returncode, done.stdout) == (66, "")
    assert "keys init" in done.stderr
    assert run("prove", tmp_path / "b", "--key", tmp_path / "k").returncode == 2


# The command with an ear on it: which files this process, and none that it starts, opened.
WATCHED = """
import atexit, json, sys
opened = []
sys.addaudithook(lambda name, arguments: opened.append(str(arguments[0])) if name in {"open", "os.open"} else None)
into = sys.argv.pop(1)
atexit.register(lambda: print(json.dumps(opened), file=open(into, "w")))
from clearinghouse.cli.main import main
main()
"""


def watched(folder: Path, *arguments: str | Path, **environment: str) -> tuple[int, list[str]]:
    """Run the command; its exit code and every path that its own process opened."""
    into = folder / "opened.json"
    command = [sys.executable, "-c", WATCHED, str(into), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600, env={**os.environ, **environment})
    found: list[str] = json.loads(into.read_text())
    return done.returncode, found


def the_prover_signs_without_opening_the_key(folder: Path, proof: Path, verdict: str, cache: str) -> None:
    made = keys.make(folder / "secret.key")
    arguments = ("prove", proof, "--attest", folder / "out", "--key", folder / "secret.key")
    _, opened = watched(folder, *arguments, CLEARINGHOUSE_CACHE=cache)
    assert [path for path in opened if "proof.toml" in path], "the ear is deaf"
    assert [path for path in opened if "secret.key" in path] == []
    (file,) = (folder / "out").iterdir()
    attested = envelope.verify(file.read_bytes(), made)
    assert (attested.result.verdict, attested.name) == (verdict, proof.name)
    assert file.name == f"{attested.bundle_id}.intoto.json"
    public = keys.public_file(folder / "secret.key")
    assert run("verify-attestation", file, "--key", public, "--bundle", proof).returncode == 0


def test_the_ear_would_hear_the_key_opened(tmp_path: Path) -> None:
    keys.make(tmp_path / "secret.key")
    code, opened = watched(tmp_path, "keys", "show", "--key", tmp_path / "secret.key")
    assert code == 0
    assert [path for path in opened if "secret.key" in path] == [str(tmp_path / "secret.key.pub")]


@pytest.mark.sandbox
def test_the_process_that_proves_never_opens_the_key(tmp_path: Path) -> None:
    the_prover_signs_without_opening_the_key(
        tmp_path, bundle(tmp_path / "old", OLD), "unsupported", str(tmp_path / "cache")
    )


@pytest.mark.sandbox
@pytest.mark.registry
def test_nor_does_it_where_foreign_code_is_run(tmp_path: Path) -> None:
    the_prover_signs_without_opening_the_key(
        tmp_path, EXAMPLES / "cve-2022-40023-mako", "proven", str(tmp_path / "cache")
    )


@pytest.mark.sandbox
def test_what_is_no_bundle_is_not_attested_and_said_so(tmp_path: Path) -> None:
    keys.make(tmp_path / "k")
    paths = [bundle(tmp_path / "empty", ""), bundle(tmp_path / "old\x1b[2J", OLD)]
    done = run(
        "prove", *paths, "--json", "--attest", tmp_path / "out", "--key", tmp_path / "k",
        CLEARINGHOUSE_CACHE=str(tmp_path / "cache"),
    )  # fmt: skip
    assert done.returncode == 65
    (file,) = (tmp_path / "out").iterdir()
    refused, attested = done.stderr.splitlines()
    assert "empty: not attested" in refused
    assert str(file) in attested
    assert "\x1b" not in done.stderr
