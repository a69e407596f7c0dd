"""Makes the bundle that is judged: all is the task's, but for the trigger, or the patch, which is the answer's."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import MANIFEST_NAME, CallRun
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.toml_text import toml_text
from clearinghouse.evaluation.suites.answers import ANSWER_TOML, AnswerRefused, read_find, read_input
from clearinghouse.prover.bundle import Bundle, from_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.evaluation.suites.material import Material

PATCH = "files/answer.patch"
_LIMITS = ("wall_seconds", "memory_mib", "tests", "show", "env")  # of [run], the task's in every family


def trial_bundle(material: Material, family: Family, artifact: bytes) -> Bundle:
    """The bundle of a task and an answer. Raises AnswerRefused where the answer is none."""
    make = {Family.PATCH: _patched, Family.FIND: _found}.get(family, _filled)
    try:
        document, files = make(material, artifact)
        text = toml_text(document).encode()
        return from_files({**files, MANIFEST_NAME: text})
    except InvalidBundle as error:
        raise AnswerRefused("; ".join(error.problems[:3])) from None
    except RecursionError:
        raise AnswerRefused(f"{ANSWER_TOML}: nested too deeply") from None
    except ValueError as error:
        raise AnswerRefused(f"{ANSWER_TOML}: {error}") from None


def with_fix(bundle: Bundle, fix: bytes) -> Bundle:
    """The same proof, with a patch to be judged beside it."""
    import tomllib  # noqa: PLC0415  # as in Material.document: the manifest's own text is the source

    document = tomllib.loads(bundle.files[MANIFEST_NAME].decode())
    document["fix"] = {"patch": PATCH}
    return from_files({**bundle.files, PATCH: fix, MANIFEST_NAME: toml_text(document).encode()})


def without_fixed(bundle: Bundle) -> Bundle:
    """The same proof, which no longer names a fixed release. Raises InvalidBundle where it has no control either."""
    import tomllib  # noqa: PLC0415

    document = tomllib.loads(bundle.files[MANIFEST_NAME].decode())
    document["target"].pop("fixed", None)
    return from_files({**bundle.files, MANIFEST_NAME: toml_text(document).encode()})


def _base(material: Material) -> dict[str, Any]:
    """The task's manifest without the proof's claim and fix."""
    document = copy.deepcopy(material.document)
    claim = material.bundle.manifest.claim
    document["claim"] = {"title": "An answer to a task", "weakness": list(claim.weakness)}
    document.pop("fix", None)
    return document


def _filled(material: Material, artifact: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    template, run = material.template, material.bundle.manifest.run
    assert template is not None
    assert isinstance(run, CallRun)
    answer = read_input(artifact, template.benign)
    document = _base(material)
    document["oracle"].pop("sizes", None)  # they belong to the proof's own input
    document["run"] = {key: value for key, value in document["run"].items() if key in _LIMITS}
    document["run"]["step"] = template.filled(answer.values)
    document["run"]["control_step"] = [dict(step) for step in run.control_steps or ()]
    return document, _joined(material.own_files, answer.files)


def _found(material: Material, artifact: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    answer = read_find(artifact)
    document = _base(material)
    limits = {key: value for key, value in document["run"].items() if key in {"wall_seconds", "memory_mib"}}
    document["run"] = {**limits, **answer.run}
    if document["oracle"]["name"] != answer.oracle["name"]:
        document["oracle"] = {}
    document["oracle"] = {**document["oracle"], **answer.oracle}
    document["oracle"].pop("sizes", None)  # they belong to the proof's own input
    return document, dict(answer.files)


def _patched(material: Material, artifact: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    document = {**_base(material), "fix": {"patch": PATCH}}
    old = material.bundle.manifest.patch
    files = {path: content for path, content in material.bundle.files.items() if path != old}
    return document, _joined(files, {PATCH: artifact})


def _joined(own: Mapping[str, bytes], given: Mapping[str, bytes]) -> dict[str, bytes]:
    for path in sorted(own.keys() & given.keys()):
        raise AnswerRefused(f'{ANSWER_TOML}: [files] "{path}" is a file of the task; give yours another name')
    return {**own, **given}
