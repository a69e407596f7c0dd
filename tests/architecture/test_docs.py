"""The documents say what the code does: settings, commands, error codes, bundle keys, links."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from pydantic_settings import BaseSettings

from clearinghouse.core import manifest_parser, manifest_run, steps
from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.core.proof import Grade, Input, OracleName, Signal, Variant, Verdict
from tests.architecture.source import ROOT, modules, package_files, short, text_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFERENCE = ROOT / "docs" / "reference"


def _document(name: str) -> str:
    return (REFERENCE / name).read_text()


@cache
def _commands() -> dict[str, Any]:
    """Every command of the CLI by its words, with the parameters that help shows."""
    from clearinghouse.cli.main import app  # noqa: PLC0415  # the door loads lazily; so does its test

    found: dict[str, Any] = {}

    def visit(command: Any, words: str) -> None:
        if command.hidden:
            return
        children = getattr(command, "commands", None)
        if children is None or words == "clearinghouse":
            found[words] = command
        for name, child in (children or {}).items():
            visit(child, f"{words} {name}")

    visit(typer.main.get_command(app), "clearinghouse")
    return found


def _names(command: Any) -> Iterator[str]:
    """What a section must name: each `--option` in its longest spelling, each ARGUMENT in capitals."""
    for parameter in command.params:
        if getattr(parameter, "hidden", False) or parameter.name in {"help", "install_completion", "show_completion"}:
            continue
        is_argument = parameter.param_type_name == "argument"
        yield parameter.name.upper().removesuffix("S") if is_argument else max(parameter.opts, key=len)


def _sections() -> dict[str, str]:
    """The sections of the command reference, heading included, by the words in their headings."""
    pages = "\n".join(path.read_text() for path in sorted(REFERENCE.glob("cli*.md")))
    found = re.findall(r"(?ms)^#+ (`(clearinghouse[a-z -]*).*?)(?=^#|\Z)", pages)
    return {heading.strip(): section for section, heading in found}


def test_every_command_has_a_section_and_no_section_is_about_a_command_that_does_not_exist() -> None:
    assert sorted(_sections()) == sorted(_commands())


def test_every_option_and_argument_stands_in_the_section_of_its_command() -> None:
    gaps = [
        f"{words}: {name}"
        for words, command in _commands().items()
        for name in _names(command)
        if not re.search(rf"`[^`\n]*{re.escape(name)}", _sections().get(words, ""))
    ]
    assert gaps == []


def _settings() -> Iterator[tuple[str, str]]:
    for module in modules():
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == module.__name__:
                prefix = value.model_config.get("env_prefix", "")
                yield from (
                    (f"{prefix}{name}".upper(), field.description or "") for name, field in value.model_fields.items()
                )


def test_every_setting_is_documented_and_says_what_it_is_for() -> None:
    settings = dict(_settings())
    assert settings, "the settings were not found"
    text = _document("settings.md")
    assert sorted(name for name in settings if f"`{name}`" not in text) == []
    assert sorted(name for name, description in settings.items() if not description) == []


def test_every_environment_variable_of_ours_in_the_code_is_documented() -> None:
    text = _document("settings.md")
    named = {
        (short(path), name)
        for path in (*package_files(), *sorted((ROOT / "script").iterdir()))
        for name in re.findall(r"\bCLEARINGHOUSE_[A-Z][A-Z_]*[A-Z]\b", path.read_text())
    }
    assert sorted(pair for pair in named if f"`{pair[1]}`" not in text) == []


def test_no_setting_is_documented_that_nothing_reads() -> None:
    code = "\n".join(path.read_text() for path in (*package_files(), *sorted((ROOT / "script").iterdir())))
    known = dict(_settings())
    documented = set(re.findall(r"`(CLEARINGHOUSE_[A-Z_]+)`", _document("settings.md")))
    assert sorted(name for name in documented if name not in known and name not in code) == []


def _errors(base: type[ClearinghouseError] = ClearinghouseError) -> Iterator[tuple[str, int]]:
    yield base.code, base.exit_code
    for child in base.__subclasses__():
        yield from _errors(child)


def test_the_table_of_errors_holds_every_code_with_its_exit_code_and_no_other() -> None:
    assert modules()  # errors of rooms exist once their modules are imported
    rows = {
        (code, int(exit_code))
        for code, exit_code in re.findall(r"(?m)^\| `([a-z-]+)` \| (\d+) \|", _document("errors.md"))
    }
    assert rows == set(_errors())


def _bundle_words() -> dict[str, set[str]]:
    tables = {f"{table}.{key}" for table, keys in manifest_parser._TABLES.items() for key in keys}
    return {
        "keys": {key.split(".")[1] for key in tables} | {f"[{table}]" for table in manifest_parser._TABLES},
        "steps": {key for keys in steps._STEP_KEYS.values() for key in keys},
        "values": set(steps._VALUE_KEYS),
        "environment": set(manifest_run.ENV_NAMES),
        "verdicts": set(Verdict),
        "grades": set(Grade),
        "oracles": set(OracleName),
        "variants": set(Variant),
        "inputs": set(Input),
        "signals": set(Signal),
    }


@pytest.mark.parametrize("kind", sorted(_bundle_words()))
def test_every_word_of_a_bundle_and_of_its_verdict_is_documented(kind: str) -> None:
    text = _document("bundle.md")
    assert sorted(word for word in _bundle_words()[kind] if f"`{word}`" not in text) == []


def _tables_of_a_bundle() -> dict[str, str]:
    """What the bundle reference says of each table of a manifest: the sections whose heading names it."""
    sections = re.findall(r"(?ms)^## ([^\n]*)\n(.*?)(?=^## |\Z)", _document("bundle.md"))
    found: dict[str, str] = {}
    for heading, text in sections:
        for table in re.findall(r"`\[([a-z]+)\]`", heading):
            found[table] = found.get(table, "") + text
    return found


def test_every_key_of_a_bundle_is_documented_under_its_own_table() -> None:
    said = _tables_of_a_bundle()
    assert set(said) == set(manifest_parser._TABLES)
    gaps = [
        f"[{table}] {key}"
        for table, keys in manifest_parser._TABLES.items()
        for key in keys
        if f"`{key}`" not in said[table]
    ]
    assert sorted(gaps) == []


def test_no_key_of_a_bundle_is_documented_that_does_not_exist() -> None:
    invented = []
    for table, text in _tables_of_a_bundle().items():
        for rows in re.findall(r"(?m)^\| key (?:\| )+\|?\n\| --- .*\n((?:\|.*\n)+)", text):
            named = {key for row in rows.splitlines() for key in re.findall(r"`([a-z_]+)`", row.split("|")[1])}
            invented += [f"[{table}] {key}" for key in named - manifest_parser._TABLES[table] - {"schema"}]
    assert invented == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path, text in text_files(".md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?s)```.*?```", "", text)):
            if "://" not in target and not target.startswith(("#", "mailto:")):
                broken += [] if (path.parent / target.split("#")[0]).exists() else [f"{short(path)}: {target}"]
    assert broken == []


def test_every_decision_is_listed_and_every_page_of_the_docs_can_be_reached() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [path for path, _ in text_files(".md") if ROOT / "docs" in path.parents and path.name != "README.md"]
    assert len(pages) > 5
    assert [short(path) for path in pages if f"({path.relative_to(ROOT / 'docs')})" not in index] == []


def _commands_in(path: Path) -> set[str]:
    """What a page tells people to type: the lines of its `sh` blocks, without prompts and remarks."""
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", path.read_text())
    lines = [line.removeprefix("$ ").split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return {line for line in lines if line}


PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/tutorials/first-proof.md",
    "docs/guides/run-a-clearinghouse.md",
    "docs/guides/sandbox.md",
    "docs/guides/submit-over-http.md",
    "docs/guides/review-a-model.md",
]


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_that_a_page_tells_people_to_type_exist(name: str) -> None:
    typed = _commands_in(ROOT / name)
    scripts = {line.split()[0] for line in typed if line.startswith("./script/")}
    assert [script for script in scripts if not (ROOT / script).stat().st_mode & 0o111] == []
    ours = {
        re.sub(r"^\S*clearinghouse", "clearinghouse", line)
        for line in typed
        if re.match(r"\S*clearinghouse(?=\s|$)", line)
    }
    known = set(_commands()) - {"clearinghouse"}
    unknown = [line for line in ours if not any(f"{line} ".startswith(f"{words} ") for words in known)]
    assert unknown == []
    assert scripts or ours, "no command was found: the page or this test is wrong"


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_that_a_page_names_are_there(name: str) -> None:
    named = set(re.findall(r"\bexamples/[a-z0-9/._-]*[a-z0-9/]", (ROOT / name).read_text()))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_two_commands_of_the_readme_are_the_demo_and_the_test() -> None:
    typed = _commands_in(ROOT / "README.md")
    assert {"./script/demo", "./script/test"} <= typed
