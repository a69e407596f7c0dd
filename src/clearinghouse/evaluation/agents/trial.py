"""Runs inside the sandbox under the target's interpreter: tries values on the task's steps and says what happened.

Reads `trial.json` (`steps`, `values`: a list of candidates, `seconds` for each), writes a JSON line for each candidate:
what ended it (`ok`, an exception's name, `signal N`, `late`), its CPU seconds, its peak in KiB and which canaries showed.
"""

import importlib
import json
import os
import resource
import signal
import sys
import time

LONGEST = 1 << 20  # characters, bytes or items: what takes long only because it is huge is no finding


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
            return BOUND[inner]
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
CANARIES = {
    "{{canary.read}}": HERE + "/canary/token",
    "{{canary.exec}}": HERE + "/canary/program",
    "{{canary.write}}": HERE + "/canary/written",
    "{{canary.root}}": HERE + "/canary",
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


def child(steps, values, seconds, writer):
    """One candidate, in a process of its own."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    began = time.process_time()
    token = ""
    if os.path.exists("canary/token"):
        with open("canary/token") as file:
            token = file.read()
    how, text = "ok", ""
    try:
        text = repr(carry_out(steps, values))
    except BaseException as error:
        how, text = type(error).__name__, str(error)
    said = {
        "how": how,
        "cpu": time.process_time() - began,
        "kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "read": bool(token and token in text),
    }
    os.write(writer, json.dumps(said).encode())


def tried(steps, values, seconds):
    """What came of one candidate."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(int(seconds) + 2)
            out = os.open(os.devnull, os.O_RDWR)
            os.dup2(out, 1)
            os.dup2(out, 2)
            child(steps, values, seconds, writer)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    _, status, used = os.wait4(pid, 0)
    found = json.loads(said) if said else {"how": "gone", "cpu": used.ru_utime + used.ru_stime, "kib": used.ru_maxrss}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        found["how"] = "late" if number in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL) else "signal %d" % number
    for name in ("written", "started"):
        found[name] = os.path.exists("canary/" + name)
        if found[name]:
            os.remove("canary/" + name)
    return found


def main():
    """All candidates."""
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
    for values in orders["values"]:
        sys.stdout.write(json.dumps(tried(orders["steps"], values, orders["seconds"])) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
