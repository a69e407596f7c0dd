"""A plain script hands data to the target and prints; whatever holds, hides or decides more is not plain."""

from __future__ import annotations

import pytest

from clearinghouse.core.plain_script import why_not_plain

HONEST = '''
"""Download under a hostile name; with "benign", under an innocent one."""

import http.server
import json
import logging
import os
import pathlib
import sys
import threading

from target import Client, Refusal
from target.parts import parse


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"content")

    def log_message(self, *arguments):
        pass


def main():
    benign = "benign" in sys.argv
    name = "inside.txt" if benign else os.environ["CANARY_WRITE"]
    if benign:
        os.mkdir("site")
        pathlib.Path("site", "page.txt").write_text("hello")
    data = {"name": name, "count": 3}
    data.update(kind="file")
    given = pathlib.Path(__file__).with_name("input.bin").read_bytes()
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    log = logging.getLogger("target")
    log.addHandler(logging.StreamHandler(sys.stdout))
    log.setLevel(logging.DEBUG)
    client = Client(lambda status: print(status))
    client.strict = False
    found = parse(json.dumps(data), given)
    try:
        print(client.fetch(f"http://127.0.0.1:{server.server_port}/" + name, found))
    except Refusal as refusal:
        print("refused:", refusal)
    for part in client.parts():
        print(part.decode())
    server.shutdown()


if __name__ == "__main__":
    main()
'''


def reason(source: str, **files: str) -> str | None:
    """Why a script is not plain."""
    given = {"files/trigger.py": source.encode(), **{f"files/{name}.py": text.encode() for name, text in files.items()}}
    return why_not_plain(["python", "files/trigger.py"], given, {"target"})


def test_a_script_that_serves_calls_and_prints_is_plain() -> None:
    assert reason(HONEST) is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import ctypes", "imports ctypes"),
        ("import subprocess", "imports subprocess"),
        ("from os import system", "uses os.system"),
        ("import os\nos.write(3, b'x')", "uses os.write"),
        ("import os.path\nos.path.getsize('/opt/target/x.py')", "uses os.path.getsize"),
        ("import logging.config", "uses logging.config"),
        ("import string\nstring.Formatter()", "uses string.Formatter"),
        ("import asyncio\nasyncio.create_subprocess_exec('x')", "uses asyncio.create_subprocess_exec"),
        ("import http.server\nhttp.server.CGIHTTPRequestHandler", "uses http.server.CGIHTTPRequestHandler"),
        ("import sys\nsys.modules", "uses sys.modules"),
        ("from target import *", "imports names without listing them"),
        ("eval('1')", "uses eval"),
        ("getattr(1, 'x')", "uses getattr"),
        ("if False:\n    eval = 1\neval('1')", "gives eval more than one meaning"),
        ("import target\nif False:\n    def target(): pass", "gives target more than one meaning"),
        ("import target\ntarget.f.__code__", "reaches for __code__"),
        ("open('/proc/self/maps')", "opens what is not spelt out"),
        ("open(3, 'w')", "opens what is not spelt out"),
        ("open('../x')", "opens what is not spelt out"),
        ("import socket\nsocket.socket(fileno=3)", "passes a descriptor"),
    ],
)
def test_what_reaches_beyond_the_target_is_not_plain(source: str, said: str) -> None:
    assert said in (reason(source) or "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os\nimport target\ntarget.call(os.mkdir, 'x')", "hands on .mkdir"),
        ("import os\nimport target\nmake = os.mkdir\ntarget.call(make)", "hands on .mkdir"),
        ("import pathlib\nimport target\ntarget.call(pathlib.Path('x').mkdir)", "hands on .mkdir"),
        ("import logging\nimport target\ntarget.call(logging.FileHandler, 'x')", "uses logging.FileHandler"),
        ("import target\ntarget.call(sum, [range(9)])", "hands on sum"),
        ("import target\ntarget.call(open, 'x')", "hands on open"),
        ("import target\ntarget.open = 1", "changes .open"),
        ("import target\nalias = target\nalias.open = print", "changes .open"),
        ("import target\nthing = target.Thing()\nthing.check = lambda path: True", "changes .check"),
        ("import target\ndel target.check", "deletes or rebinds"),
    ],
)
def test_what_hands_effects_to_the_target_or_changes_it_is_not_plain(source: str, said: str) -> None:
    assert said in (reason(source) or "")


@pytest.mark.parametrize(
    "source",
    [
        "if target.old(): target.write('x')",
        "target.old() and target.write('x')",
        "x = 'a' if target.old() else 'b'",
        "while target.old(): pass",
        "for _ in target.parts(): target.write('x')",
        "[target.write('x') for _ in [1] if target.old()]",
        "paths = ['a', 'b']\ntarget.write(paths[target.number()])",
        "target.write('x' * target.number())",
        "target.write('x' + target.word())",
        "target.write('abc'.replace('a', target.word()))",
        "target.write({'a': 'x'}.get(target.word()))",
        "try:\n    target.new()\nexcept Exception:\n    print()",
        "try:\n    target.new()\nexcept AttributeError:\n    print()",
        "try:\n    target.new()\nexcept ValueError:\n    target.write('x')",
        "try:\n    target.new()\n    target.write('x')\nexcept ValueError:\n    pass",
        "try:\n    target.new()\nexcept ValueError:\n    pass\nelse:\n    target.write('x')",
        "seen = []\ntarget.call(lambda: seen.append(1))\ntarget.write('ab'[len(seen)])",
        "def told():\n    return target.number()\ntarget.write('ab'[told()])",
        "import io\nout = io.BytesIO()\ntarget.save(out)\ntarget.write('ab'[len(out.getvalue())])",
        "found = {}\ntarget.fill(found)\nif found:\n    target.write('x')",
        "import pathlib\nif pathlib.Path('/opt/target/x.py').exists():\n    target.write('x')",
        "class Seen:\n    n = 0\n    def hit(self):\n        Seen.n += 1\nif Seen.n:\n    target.write('x')",
    ],
)
def test_what_decides_by_or_computes_with_what_the_target_says_is_not_plain(source: str) -> None:
    said = reason("import target\n" + source) or ""
    assert any(word in said for word in ("decides", "computes", "as often", "tries more", "catches", "changes"))


def test_every_python_file_of_the_bundle_is_read() -> None:
    assert reason("import other\nother.go()", other="import ctypes") == (
        "files/other.py line 1 imports ctypes, which is neither the target's nor known to be harmless"
    )
    assert reason("import other\nother.go()", other="import target\n\n\ndef go():\n    target.f()\n") is None


def test_what_is_no_python_script_of_the_bundle_is_not_plain_but_the_targets_own_command_is() -> None:
    assert why_not_plain(["python", "-m", "target.cli", "x"], {}, {"target"}) is None
    assert "which is not the target's" in (why_not_plain(["python", "-m", "runpy", "x"], {}, {"target"}) or "")
    assert "no Python script" in (why_not_plain(["sh", "files/x.sh"], {"files/x.sh": b""}, {"target"}) or "")
    assert "no Python script" in (why_not_plain(["python", "-c", "pass"], {}, {"target"}) or "")
    assert "cannot be read" in (reason("def") or "")
    assert "cannot be read" in (reason("(" * 5000) or "")
    assert "longer than" in (reason("#" * 70_000) or "")
