"""A stub of an OpenAI-compatible endpoint on loopback: it plays a script, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

# What to say, from the messages so far: a command for the shell, words, "submit", "refuse", or an HTTP status.
Script = Callable[[list[dict[str, Any]]], Any]


class Endpoint:
    """Use as a context manager; `url` is where it is."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.keys: list[str] = []
        self.asked: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.keys.append(self.headers.get("Authorization", ""))
                outer.asked.append(body)
                said = outer.script(body["messages"])
                status, answer = (said, _error(self.headers)) if isinstance(said, int) else (200, _answer(said))
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _error(headers: Any) -> dict[str, Any]:
    """As careless endpoints do, it repeats the key."""
    return {"error": {"message": f"no, not with {headers.get('Authorization')}", "type": "stub", "code": "stub"}}


def _answer(said: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said if isinstance(said, str) else None}
    reason = "stop"
    if said == "refuse":
        message["content"], reason = None, "content_filter"
    if isinstance(said, dict):
        reason = "tool_calls"
        call = {"name": said["tool"], "arguments": json.dumps(said["arguments"])}
        message["tool_calls"] = [{"id": "call-1", "type": "function", "function": call}]
    return {
        "id": "stub",
        "object": "chat.completion",
        "created": 1,
        "model": "stub",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


def shell(command: str) -> dict[str, Any]:
    return {"tool": "bash", "arguments": {"command": command}}


SUBMIT = {"tool": "submit", "arguments": {"answer": "done"}}
