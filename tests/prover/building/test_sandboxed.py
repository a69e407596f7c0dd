"""A build sees its source and no network; what it leaves in $OUT comes out, and a failed one leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.building import sandboxed
from clearinghouse.prover.building.sandboxed import Order, build_in
from clearinghouse.prover.runtimes.interface import ProvisionError

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

pytestmark = pytest.mark.sandbox


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/file").write_text("content")
    for path in (folder, folder / "deep"):
        path.chmod(0o755)
    (folder / "deep/file").chmod(0o644)
    tmp_path.chmod(0o755)
    return folder


def shell(sandbox: BubblewrapSandbox, source: Path, script: str, **given: object) -> Path:
    place = source.parent / "made"
    build_in(sandbox, Order(source, ("/bin/sh", "-c", script), **given), place)  # type: ignore[arg-type]
    return place


def test_the_source_can_be_written_inside_and_only_out_comes_back(
    prover_sandbox: BubblewrapSandbox, source: Path
) -> None:
    script = (
        'echo more >> deep/file && mkdir $OUT/a && cp deep/file $OUT/a && printf "#!" > $OUT/run && chmod 700 $OUT/run'
    )
    made = shell(prover_sandbox, source, script)
    assert (made / "a/file").read_text() == "contentmore\n"
    assert (made / "run").stat().st_mode & 0o777 == 0o755
    assert {path.name for path in made.iterdir()} == {"a", "run"}
    assert (source / "deep/file").read_text() == "content"


def test_a_failed_build_leaves_nothing_and_tells_the_last_lines_of_its_output(
    prover_sandbox: BubblewrapSandbox, source: Path
) -> None:
    with pytest.raises(ProvisionError, match=r"exit status 3(?s:.*)line 40") as caught:
        shell(prover_sandbox, source, "touch $OUT/x; for i in $(seq 40); do echo line $i >&2; done; exit 3")
    assert caught.value.kind == "build_failed"
    assert "line 9\n" not in caught.value.message
    assert list(source.parent.iterdir()) == [source]


def test_a_build_has_no_network_and_no_report_descriptor(prover_sandbox: BubblewrapSandbox, source: Path) -> None:
    made = shell(prover_sandbox, source, "ls /sys/class/net /proc/self/fd > $OUT/seen 2>&1 || true; echo x >&3 || true")
    seen = (made / "seen").read_text()
    assert "eth0" not in seen
    assert "\n3\n" not in seen.partition("/proc/self/fd:")[2].replace("\n3\n", "", 1)  # the one that ls itself opened


def test_a_build_that_leaves_a_way_out_is_refused(prover_sandbox: BubblewrapSandbox, source: Path) -> None:
    with pytest.raises(ProvisionError, match="leads to"):
        shell(prover_sandbox, source, "ln -s /etc/passwd $OUT/secret")
    assert list(source.parent.iterdir()) == [source]


def test_a_build_that_runs_on_is_stopped(
    prover_sandbox: BubblewrapSandbox, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandboxed, "LIMITS", replace(sandboxed.LIMITS, wall_seconds=1))
    with pytest.raises(ProvisionError, match="stopped after 1 s"):
        shell(prover_sandbox, source, "sleep 60")


def test_more_than_the_cap_is_no_build(
    prover_sandbox: BubblewrapSandbox, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandboxed, "LIMITS", replace(sandboxed.LIMITS, report_kib=64))
    with pytest.raises(ProvisionError, match="left more than"):
        shell(prover_sandbox, source, "head -c 200000 /dev/zero > $OUT/big")
