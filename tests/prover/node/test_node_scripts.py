"""Form 2 in JavaScript: where effects are said to come from, and what claims to be the target's and is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.manifest import ScriptRun
from clearinghouse.core.proof import Signal

if TYPE_CHECKING:
    from clearinghouse.prover.observation import Observation
    from clearinghouse.prover.runtimes.node.executables import Node
    from tests.prover.conftest import Observe

pytestmark = pytest.mark.sandbox

START = "const fs = require('fs'); const fake = require('fake'); const path = process.env.CANARY_WRITE;\n"


@pytest.fixture(autouse=True)
def _marked(node: Node) -> None:
    """Older versions do not mark their own scripts' names, so nothing is attributed there."""
    if node.numbers[0] < 16:
        pytest.skip(f"{node.label} does not tell its own scripts from others")


def script(observe: Observe, text: str, oracle: str = "write") -> Observation:
    run = ScriptRun(("node", "files/trigger.js"))
    return observe(run, oracle, files={"files/trigger.js": (START + text).encode()})


def test_what_the_target_does_is_attributed_to_its_function(observe: Observe) -> None:
    seen = script(observe, "fake.write(path);")
    assert (seen.signal, seen.function, seen.doubt) == (Signal.FIRED, "fake/index.js:write", None)
    seen = script(observe, "fake.run(process.env.CANARY_EXEC);", "exec")
    assert (seen.signal, seen.function, seen.doubt) == (Signal.FIRED, "fake/index.js:run", None)


def test_code_that_the_target_made_of_a_text_is_the_targets(observe: Observe) -> None:
    seen = script(observe, "fake.evaluate(`require('fs').writeFileSync('${path}', 'x')`);")
    assert (seen.function, seen.doubt) == ("fake/index.js:evaluate", None)


@pytest.mark.parametrize(
    "text",
    [
        "fs.writeFileSync(path, 'x');",
        "fake.call(() => fs.writeFileSync(path, 'x'));",
        "fake.write = (place) => fs.writeFileSync(place, 'x'); fake.write(path);",
        "eval(`fs.writeFileSync(path, 'x')`);",
        (
            "const f = () => fs.writeFileSync(path, 'x');\n"
            "Object.defineProperty(f, 'name', {value: 'write (/opt/target/node_modules/fake/index.js:1:1)'}); f();"
        ),
        "Error.stackTraceLimit = 0; fs.writeFileSync(path, 'x');",
        "fake.write(path); fs.writeFileSync(path, 'y');",
    ],
)
def test_what_the_script_does_itself_is_not_attributed(observe: Observe, text: str) -> None:
    seen = script(observe, text)
    assert (seen.signal, seen.function) == (Signal.FIRED, None)
    assert seen.doubt


@pytest.mark.parametrize(
    "text",
    [
        (
            "require('vm').runInThisContext('(fs, path) => fs.writeFileSync(path, path)', "
            "{filename: require.resolve('fake')})(fs, path);"
        ),
        "eval('(fs, path) => fs.writeFileSync(path, path)\\n//# sourceURL=' + require.resolve('fake'))(fs, path);",
    ],
)
def test_a_borrowed_file_name_is_seen(observe: Observe, text: str) -> None:
    seen = script(observe, text)
    assert (seen.signal, seen.function) == (Signal.FIRED, None)
    assert seen.doubt


def test_what_watches_leaves_no_word_in_the_environment(observe: Observe) -> None:
    seen = script(observe, "console.log(Object.keys(process.env).filter((name) => name.includes('WATCH')).length);")
    assert seen.facts.outcome.stdout == b"0\n"
