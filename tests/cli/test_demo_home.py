from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.cli.demo_home import DemoHome, Mark
from clearinghouse.core.errors import Conflict, Refused

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_folder_is_made_and_begins_unfinished(tmp_path: Path) -> None:
    with DemoHome(tmp_path / "demo").held("one") as place:
        place.begin("one")
        assert place.mark() == Mark("one", finished=False)
        place.finish()
        assert place.mark() == Mark("one", finished=True)


def test_work_on_the_same_inputs_is_kept_and_on_others_removed_but_for_what_a_killed_prover_left(
    tmp_path: Path,
) -> None:
    home = DemoHome(tmp_path)
    with home.held("one") as place:
        place.begin("one")
        (tmp_path / "clearinghouse.sqlite3").write_text("x")
        (tmp_path / "published").mkdir()
        (tmp_path / "state" / "supervisor-1").mkdir(parents=True)
    with home.held("one") as place:
        place.begin("one")
        assert (tmp_path / "clearinghouse.sqlite3").exists()
        place.begin("two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.json", "demo.lock", "state"]
    assert (tmp_path / "state" / "supervisor-1").is_dir()
    assert home.mark() == Mark("two", finished=False)


def test_an_emptying_that_was_interrupted_is_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = DemoHome(tmp_path)
    with home.held("one") as place:
        place.begin("one")
        place.finish()
        (tmp_path / "published").mkdir()
        with monkeypatch.context() as patch:
            patch.setattr("shutil.rmtree", lambda _path: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                place.begin("two")
        assert place.mark() == Mark("", finished=False)
        place.begin("one")
    assert not (tmp_path / "published").exists()


def test_what_is_made_once_is_made_again_from_nothing_only_where_it_was_cut_short(tmp_path: Path) -> None:
    made: list[bool] = []

    def half() -> None:
        (tmp_path / "tables.db").write_text("half")
        raise KeyboardInterrupt

    def whole() -> None:
        made.append((tmp_path / "tables.db").exists())
        (tmp_path / "tables.db").write_text("whole")

    with DemoHome(tmp_path).held("one") as place:
        with pytest.raises(KeyboardInterrupt):
            place.make_once("tables", half, "tables.db*")
        place.make_once("tables", whole, "tables.db*")
        place.make_once("tables", whole, "tables.db*")
    assert made == [False]
    assert (tmp_path / "tables.db").read_text() == "whole"


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "clearinghouse.sqlite3").write_text("the real thing")
    with pytest.raises(Refused, match="something else"), DemoHome(tmp_path).held("one"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["clearinghouse.sqlite3"]


def test_a_start_that_was_killed_before_its_first_mark_leaves_a_folder_that_is_still_ours(tmp_path: Path) -> None:
    (tmp_path / "demo.lock").touch()
    (tmp_path / ".demo.json.4711").write_text('{"dig')
    with DemoHome(tmp_path).held("one") as place:
        place.begin("one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.json", "demo.lock"]


def test_a_mark_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("[")
    assert DemoHome(tmp_path).mark() == Mark("", finished=False)


def test_two_demos_never_change_one_folder(tmp_path: Path) -> None:
    with DemoHome(tmp_path).held("one") as place:
        place.begin("one")
        with pytest.raises(Conflict, match="another demo"), DemoHome(tmp_path).held("one"):
            pass


def test_a_finished_demo_is_read_by_many_and_changed_by_none_meanwhile(tmp_path: Path) -> None:
    with DemoHome(tmp_path).held("one") as place:
        place.begin("one")
        place.finish()
        place.share()
        with DemoHome(tmp_path).held("one") as reader:
            assert reader.mark().finished
            with pytest.raises(Conflict):
                reader.alone()
        with pytest.raises(Conflict), DemoHome(tmp_path).held("two"):
            pass
