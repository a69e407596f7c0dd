"""Runs inside the sandbox under the target's interpreter: tries values on the task's steps and says what happened.

Reads `trial.json` (`steps`, `values`: a list of candidates, `seconds` for each, `until`: seconds for all), writes a JSON
line for each candidate: what ended it (`ok`, an exception's name, `signal N`, `late`), its CPU seconds, its peak in KiB,
which canaries showed, and the report of the result on which an oracle's pattern is looked for. Ends when `until` is over.
"""

import http.server
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time

LONGEST = 1 << 17  # characters, bytes or items: what takes long only because it is huge is no finding

MOST_REPORT = 300


class TooLong(Exception):
    """A value that is not worth trying."""


def built(value, values):
    """The value that a table of the answer's grammar stands for."""
    if isinstance(value, list):
        return [built(item, values) for item in value]
    if not isinstance(value, dict):
        return filled(value) if isinstance(value, str) else value
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key == "$input":
            return built(values[inner], values)
        if key == "$bytes":
            return filled(inner).encode("latin-1", "replace")
        if key == "$hex":
            return bytes.fromhex(inner)
        if key == "$size":
            return inner
        if key == "$none":
            return None
        if key == "$":
            return resolved("$" + inner)
        if key == "$rep":
            part, count = built(inner[0], values), int(built(inner[1], values))
            if len(part) * count > LONGEST:
                raise TooLong
            return part * count
        if key == "$cat":
            parts = [built(item, values) for item in inner]
            found = parts[0]
            for part in parts[1:]:
                found = found + part
            return found
        if key == "$read":
            with open(inner, "rb") as file:
                return file.read()
        if key == "$text":
            with open(inner) as file:
                return file.read()
        if key == "$path":
            return os.path.abspath(inner)
        if key.startswith("$"):
            raise NotImplementedError(key)
    return {name: built(item, values) for name, item in value.items()}


BOUND = {}
HERE = os.getcwd()
SECRET = os.urandom(8).hex()
CANARIES = {
    "{{canary.read}}": HERE + "/canary/token",
    "{{canary.exec}}": HERE + "/canary/program",
    "{{canary.write}}": HERE + "/canary/written",
    "{{canary.root}}": HERE + "/canary",
    "{{canary.secret}}": SECRET,
}


def filled(text):
    """The text with canaries of this trial in it."""
    for name, path in CANARIES.items():
        text = text.replace(name, path)
    return text


def resolved(name):
    """`module:qualified.name`, or `$bound.method`."""
    if name.startswith("$"):
        first, _, rest = name[1:].partition(".")
        found = BOUND[first]
    else:
        module, _, rest = name.partition(":")
        found = importlib.import_module(module)
    for part in rest.split(".") if rest else ():
        found = getattr(found, part)
    return found


def carry_out(steps, values):
    """All steps in turn; the last result."""
    result = None
    for step in steps:
        if "get" in step:
            result = resolved(step["get"])
        elif "call" in step:
            call = resolved(step["call"])
            args = built(step.get("args", []), values)
            kwargs = built(step.get("kwargs", {}), values)
            result = call(*args, **kwargs)
        elif "value" in step:
            result = built(step["value"], values)
        else:
            raise NotImplementedError(sorted(step))
        if "as" in step:
            BOUND[step["as"]] = result
    return result


def child(steps, values, writer):
    """One candidate, in a process of its own."""
    began = time.process_time()
    token = ""
    if os.path.exists("canary/token"):
        with open("canary/token") as file:
            token = file.read()
    how, text = "ok", ""
    try:
        text = "returned " + repr(carry_out(steps, values))
    except BaseException as error:
        how = type(error).__name__
        text = "raised %s.%s: %s" % (type(error).__module__, type(error).__qualname__, error)
    said = {
        "how": how,
        "cpu": time.process_time() - began,
        "kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "read": bool(token and token in text),
        "report": text[:MOST_REPORT],
    }
    os.write(writer, json.dumps(said).encode())


def tried(steps, values, seconds):
    """What came of one candidate."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            signal.setitimer(signal.ITIMER_REAL, 2 * seconds)
            out = os.open(os.devnull, os.O_RDWR)
            os.dup2(out, 1)
            os.dup2(out, 2)
            child(steps, values, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    _, status, used = os.wait4(pid, 0)
    found = json.loads(said) if said else {"how": "gone", "cpu": used.ru_utime + used.ru_stime, "kib": used.ru_maxrss}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        found["how"] = "late" if number in (signal.SIGPROF, signal.SIGALRM, signal.SIGKILL) else "signal %d" % number
    for name in ("written", "started", "reached"):
        found[name] = os.path.exists("canary/" + name)
        if found[name]:
            if os.path.isdir("canary/" + name):
                os.rmdir("canary/" + name)
            else:
                os.remove("canary/" + name)
    return found


class Decoy(http.server.BaseHTTPRequestHandler):
    """Sends on to the other address, or notes that it was reached there; with the secret, where the steps carry it."""

    carried = ""

    def do_GET(self):
        """Answer."""
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", CANARIES["{{canary.url}}"])
        else:
            self.send_response(200)
            if self.path == "/decoy" and self.carried in str(self.headers):
                open("canary/reached", "w").close()
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        """Say nothing."""


def serve_decoys():
    """Two servers of another origin each, in a process that ends after this one."""
    servers = [http.server.HTTPServer(("127.0.0.1", 0), Decoy) for _ in range(2)]
    ports = [server.server_port for server in servers]
    CANARIES["{{canary.url}}"] = "http://localhost:%d/decoy" % ports[0]
    CANARIES["{{canary.innocent}}"] = "http://127.0.0.1:%d/" % ports[1]
    CANARIES["{{canary.redirect}}"] = "http://127.0.0.1:%d/redirect" % ports[1]
    starter = os.getpid()
    if os.fork() == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        for server in servers:
            threading.Thread(target=server.serve_forever).start()
        while os.getppid() == starter:
            time.sleep(0.1)
        os._exit(0)


def main():
    """All candidates."""
    began = time.monotonic()
    with open("trial.json") as file:
        orders = json.load(file)
    os.makedirs("canary", exist_ok=True)
    with open("canary/program", "w") as file:
        file.write("#!/bin/sh\n: > %s/canary/started\n" % HERE)
    os.chmod("canary/program", 0o755)
    for step in orders["steps"]:
        name = step.get("call") or step.get("get") or ""
        if ":" in name:
            importlib.import_module(name.partition(":")[0])  # once, outside the clock
    if orders["decoys"]:
        Decoy.carried = SECRET if "{{canary.secret}}" in json.dumps(orders["steps"]) else ""
        serve_decoys()
    for values in orders["values"]:
        left = orders["until"] - (time.monotonic() - began)
        if left <= 0:
            break
        sys.stdout.write(json.dumps(tried(orders["steps"], values, min(left, orders["seconds"]))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
