"""The stand of a run: canaries that nobody can know before, told to the run in every place it may ask."""

from __future__ import annotations

from clearinghouse.prover.stand import EXEC, ROOT, Stand


def test_each_stand_has_canaries_of_its_own() -> None:
    stands = [Stand() for _ in range(50)]
    for name in ("token", "secret", "knock", "read", "write"):
        assert len({getattr(stand, name) for stand in stands}) == 50


def test_the_secret_and_the_knock_are_told_to_nobody() -> None:
    stand = Stand()
    told = " ".join(
        [*stand.environment().values(), *stand.needles(), str(stand.fill("{{canary.secret}}{{canary.knock}}"))]
    )
    assert stand.secret not in told
    assert stand.knock not in told


def test_the_secret_lies_beside_a_folder_whose_name_begins_its_own() -> None:
    stand = Stand()
    assert stand.read.startswith(ROOT)
    assert not stand.read.startswith(ROOT + "/")


def test_placeholders_are_filled_in_every_text_however_deep() -> None:
    stand = Stand(token="T")
    value = {
        "a": ["{{canary.exec}}", {"b": "x{{canary.token}}y{{canary.token}}"}],
        "c": 1,
        "d": ("{{canary.write}}", None),
    }
    assert stand.fill(value) == {"a": [EXEC, {"b": "xTyT"}], "c": 1, "d": ["/canary/out/T", None]}
    assert stand.fill("{{canary.read}} {{canary.root}}") == f"{ROOT}-T/secret.txt {ROOT}"


def test_a_path_of_the_bundle_is_filled_with_its_place_inside() -> None:
    assert Stand().fill("{{path:files/a}}:{{path:files/b}}") == "/proof/files/a:/proof/files/b"


def test_what_is_no_placeholder_stays_as_it_is() -> None:
    stand = Stand()
    for text in ("{{canary.nothing}}", "{{path:files/a", "{{ canary.exec }}", "{%x%}", "{{", "}}"):
        assert stand.fill(text) == text


def test_a_template_may_hold_bytes_that_are_no_text() -> None:
    stand = Stand(token="T")
    assert stand.fill_bytes(b"\xff\x00{{canary.token}}\xfe") == b"\xff\x00T\xfe"


def test_the_environment_of_a_script_names_the_same_canaries() -> None:
    stand = Stand()
    environment = stand.environment()
    assert environment["CANARY_WRITE"] == stand.fill("{{canary.write}}")
    assert environment["CANARY_READ"] == stand.fill("{{canary.read}}")
    assert environment["CANARY_EXEC"] == stand.fill("{{canary.exec}}")
