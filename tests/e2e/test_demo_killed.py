"""A demo that is killed again and again ends as one that was left alone, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.slow, pytest.mark.registry, pytest.mark.sandbox, pytest.mark.timeout(900)]

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = [sys.executable, "-c", "from clearinghouse.cli.main import main; main()", "demo", "--check"]
ONCE = ("report received", "report attached", "report parked", "report returned", "proof decided", "case published")

REPORTS = [
    ("Lab One", "proofs/cve-2024-4340-sqlparse"),
    ("Lab Two", "reports/lab-seven/sqlparse-nesting-crash"),
    ("Lab Two", "proofs/cve-2024-6345-setuptools"),
    ("Lab One", "proofs/cve-2024-34064-jinja2"),
    ("Lab One", "proofs/cve-2024-22195-jinja2"),
    ("Lab Two", "proofs/hostile-does-nothing"),
    ("Lab Two", "proofs/hostile-symlink"),
    ("Lab One", "reports/lab-seven/zipp-buffer-overflow.md"),
]
EXPECT = """
[expect]
reports = 8
finders = 2
proofs = 6
proven = 5
cases = 4
published = 4
parked = 1
returned = 2
together = [["cve-2024-4340-sqlparse", "sqlparse-nesting-crash"]]
apart = [["cve-2024-34064-jinja2", "cve-2024-22195-jinja2"]]
"""


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    tables = [f'[[report]]\nfinder = "{finder}"\npath = "{EXAMPLES / path}"\n' for finder, path in REPORTS]
    path = tmp_path / "demo.toml"
    path.write_text("".join(tables) + EXPECT)
    return path


def start(home: Path, inputs: Path, cache: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "CLEARINGHOUSE_CACHE": str(cache)}
    environment.pop("CLEARINGHOUSE_HOME", None)
    said = (home.parent / f"{home.name}.said").open("ab")
    with said:
        return subprocess.Popen(
            [*COMMAND, "--home", str(home), "--inputs", str(inputs)],
            env=environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def finish(home: Path, inputs: Path, cache: Path) -> None:
    status = start(home, inputs, cache).wait(timeout=600)
    assert status == 0, (home.parent / f"{home.name}.said").read_text()


def effects(home: Path) -> Counter[str]:
    """How often each thing that must happen once happened."""
    with sqlite3.connect(home / "clearinghouse.sqlite3") as database:
        kinds = Counter(kind for (kind,) in database.execute("SELECT kind FROM journal_entry"))
    return Counter({kind: kinds[kind] for kind in ONCE})


def runs(home: Path) -> int:
    with sqlite3.connect(home / "clearinghouse.sqlite3") as database:
        (own,) = database.execute("SELECT SUM(runs) FROM proofs_proof").fetchone()
        (tried,) = database.execute("SELECT SUM(n) FROM proofs_trial").fetchone()
    return int(own) + int(tried or 0)


def published(home: Path) -> list[str]:
    """What the world may read, without what depends on the order in which the proofs were decided."""
    documents = [json.loads(path.read_text()) for path in (home / "published").glob("[!.]*.osv.json")]
    return sorted(json.dumps(document["affected"], sort_keys=True) for document in documents)


def supervisors(home: Path) -> set[str]:
    """The names under which this demo's provers made control groups."""
    found = (home / "state").glob("supervisor-*") if (home / "state").is_dir() else []
    return {"clearinghouse-" + path.name.removeprefix("supervisor-") for path in found}


def processes_naming(*words: str) -> list[str]:
    """Command lines of living processes that hold one of these words."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if place.parent.name != str(os.getpid()) and any(word in line for word in words):
            found.append(line)
    return found


def left_behind(home: Path, cache: Path, names: set[str]) -> list[str]:
    """What a demo must not leave: processes, mounts, control groups, folders of runs, half installations."""
    found = processes_naming(str(home), str(cache))
    found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(home) in line]
    groups = subprocess.run(
        ["find", "/sys/fs/cgroup", "-name", "clearinghouse-*"], capture_output=True, text=True, check=False
    )
    found += [line for line in groups.stdout.splitlines() if any(name in line for name in names)]
    state = home / "state"  # its lock and the compiled init stay, for the next supervisor
    found += [str(path) for path in state.rglob("*") if path.relative_to(state).parts[0] not in {"lock", "init"}]
    found += [str(path) for path in (cache / "targets").iterdir() if path.name.startswith(".")]
    found += [str(path) for path in (*home.glob(".*"), *(home / "published").glob(".*"))]
    return found


def kill(process: subprocess.Popen[bytes], *, group: bool) -> None:
    if group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def asked(home: Path, query: str) -> int:
    """The figure that a query gives; 0 as long as there is no such database or table."""
    try:
        with closing(sqlite3.connect(f"file:{home}/clearinghouse.sqlite3?mode=ro", uri=True, timeout=5)) as database:
            (figure,) = database.execute(query).fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(figure)


DECIDED = "SELECT COUNT(*) FROM proofs_proof WHERE verdict != ''"
# Each is waited for, then the demo is killed there; no proof is under way in more of them than it is tried.
POINTS: tuple[Callable[[Path], bool], ...] = (
    lambda home: (home / "demo.json").exists(),
    lambda home: (home / "clearinghouse.sqlite3").exists(),
    lambda home: asked(home, "SELECT COUNT(*) FROM intake_report") > 2,
    lambda home: any((home / "state").glob("supervisor-*/bundles/bundle.*")),
    lambda home: asked(home, DECIDED) > 1,
    lambda home: asked(home, DECIDED) > 4,
    lambda home: asked(home, "SELECT COUNT(*) FROM advisories_advisory") > 0,
)


def killed_at(point: Callable[[Path], bool], process: subprocess.Popen[bytes], home: Path, *, group: bool) -> set[str]:
    """Kill the process, or its group, once the point is reached; the names under which its prover worked."""
    until = time.monotonic() + 300
    while not point(home) and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert process.poll() is None, "the demo ended before it came to the point"
    names = supervisors(home)
    kill(process, group=group)
    return names


def test_killed_at_many_points_it_ends_as_if_it_had_been_left_alone(inputs: Path, tmp_path: Path) -> None:
    cache, calm, killed = tmp_path / "cache", tmp_path / "calm", tmp_path / "killed"
    names: set[str] = set()
    # The cache is cold for the one that is killed, so that it is hit while it installs, too.
    for i, point in enumerate(POINTS):
        names |= killed_at(point, start(killed, inputs, cache), killed, group=bool(i % 2))
    finish(killed, inputs, cache)
    finish(calm, inputs, cache)
    assert effects(killed) == effects(calm)
    assert effects(killed)["report received"] == len(REPORTS)
    assert runs(killed) == runs(calm)
    assert published(killed) == published(calm)
    assert left_behind(killed, cache, names) == []


def test_interrupted_it_ends_at_once_with_130_leaves_nothing_and_goes_on(inputs: Path, tmp_path: Path) -> None:
    cache, home = tmp_path / "cache", tmp_path / "home"
    process = start(home, inputs, cache)
    until = time.monotonic() + 120
    while not supervisors(home) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(6)
    names = supervisors(home)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    assert process.wait(timeout=60) == 130
    said = (tmp_path / "home.said").read_text()
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    groups = subprocess.run(
        ["find", "/sys/fs/cgroup", "-name", "clearinghouse-*"], capture_output=True, text=True, check=False
    )
    assert [line for line in groups.stdout.splitlines() if any(name in line for name in names)] == []
    assert supervisors(home) == set()
    finish(home, inputs, cache)
    assert left_behind(home, cache, names) == []


def test_a_finished_demo_is_shown_again_and_other_inputs_start_anew(inputs: Path, tmp_path: Path) -> None:
    cache, home = tmp_path / "cache", tmp_path / "home"
    finish(home, inputs, cache)
    before = effects(home)
    finish(home, inputs, cache)
    assert effects(home) == before
    assert "finished already and nothing changed" in (tmp_path / "home.said").read_text()
    marked = json.loads((home / "demo.json").read_text())
    fewer = inputs.read_text().replace("reports = 8", "reports = 7").replace("parked = 1", "parked = 0")
    head, _, rest = fewer.rpartition("[[report]]")
    inputs.write_text(head + rest[rest.index("[expect]") :])
    finish(home, inputs, cache)
    assert effects(home)["report received"] == len(REPORTS) - 1
    assert json.loads((home / "demo.json").read_text())["digest"] != marked["digest"]
