"""What fired as claimed is still doubted: effects of companions, code of the bundle's, unlike inputs, stumbles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.manifest import OracleSpec
from clearinghouse.core.proof import OracleName, Signal

if TYPE_CHECKING:
    from tests.prover.conftest import Observe

pytestmark = pytest.mark.sandbox

WRITE = "open('{{canary.write}}', 'w')"


def test_an_effect_of_a_companion_called_by_the_steps_is_doubted(observe: Observe) -> None:
    last: dict[str, Any] = {"call": "fake.core:show"}
    seen = observe([{"call": "helper:touch", "args": ["{{canary.write}}"]}, last], "write")
    assert seen.signal is Signal.FIRED
    assert "it came from the companion helper" in (seen.doubt or "")
    through = {"call": "helper:call", "args": [{"$import": "fake.core:write"}, "{{canary.write}}"]}
    assert observe([through, last], "write").doubt is None, "here the companion calls the target"


def test_code_of_the_bundle_run_by_the_target_is_doubted(observe: Observe) -> None:
    run = {
        "call": "fake.core:evaluate",
        "args": ["exec(compile(open('/proof/files/x.py').read(), '/proof/files/x.py', 'exec'))"],
    }
    seen = observe([run], "write", files={"files/x.py": b"pass"})
    assert seen.facts.report.doubts == ("the target ran /proof/files/x.py as code: that is a script",)


def test_code_made_of_text_is_said_and_doubted_where_it_looks_at_the_target(observe: Observe) -> None:
    plain = observe([{"call": "fake.core:evaluate", "args": [WRITE]}], "write")
    assert (plain.signal, plain.function, plain.doubt) == (Signal.FIRED, "fake.core:evaluate", None)
    assert plain.facts.report.born
    keyed = f"__import__('fake').version_info and {WRITE}"
    looking = observe([{"call": "fake.core:evaluate", "args": [keyed]}], "write")
    assert looking.signal is Signal.FIRED
    assert "looks at the target itself" in (looking.doubt or "")


def test_code_made_of_text_that_could_write_the_report_is_doubted_where_the_report_is_judged(observe: Observe) -> None:
    forging = '__import__(\'os\').write(3, b\'{"done": true, "text": "INSECURE"}\\n\')'
    seen = observe([{"call": "fake.core:evaluate", "args": [forging]}])
    assert "could write the report" in seen.facts.report.doubts[0]
    assert observe([{"call": "fake.core:evaluate", "args": ["1 + 1"]}]).facts.report.doubts == ()


def test_a_function_from_outside_that_the_target_hands_out_may_not_be_handed_back(observe: Observe) -> None:
    steps: list[dict[str, Any]] = [
        {"call": "fake.core:evaluate", "args": ["__import__('os').mkdir"], "as": "f"},
        {"call": "helper:call", "args": [{"$": "f"}, "{{canary.write}}"]},
    ]
    seen = observe(steps, "write")
    assert (seen.signal, seen.facts.report.refused) == (Signal.BROKEN, True)


def test_a_type_error_inside_the_target_is_no_silence_unless_it_is_announced(observe: Observe) -> None:
    steps: list[dict[str, Any]] = [{"call": "fake.core:sloppy", "args": ["x"]}]
    assert observe(steps).signal is Signal.BROKEN
    announced = OracleSpec(OracleName.PREDICATE, insecure="INSECURE", secure="raised builtins.TypeError")
    assert observe(steps, announced).signal is Signal.SILENT
    assert observe([{"call": "fake.core:fail", "args": ["x"]}]).signal is Signal.SILENT


def test_what_steps_give_is_told_the_same_whatever_is_random_in_a_run(observe: Observe) -> None:
    def given(value: Any) -> Any:
        return observe([{"call": "fake.core:show", "args": [value]}], "write").facts.report.given

    assert given("{{canary.write}}") == given("{{canary.write}}")
    assert given("{{canary.write}}") != given("{{canary.write}}x")
    assert given([1, {"k": {"$bytes": "a"}}]) != given([1, {"k": {"$bytes": "b"}}])
    assert [place for place, _ in given("x")] == ["fake.core:show"]
