"""What an agent is given: the prompt, the vulnerable release to read, the interpreter to try things with. Nothing else.

No repository history, no proof, no fixed release, no fix (but for level 3 its diff in the prompt).
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import Unavailable
from clearinghouse.core.manifest import ScriptRun
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.unified import unified_diff
from clearinghouse.evaluation.interface import Answer, Offer
from clearinghouse.evaluation.suites.answers import ANSWER_PATCH, ANSWER_TOML, CLAIMED
from clearinghouse.evaluation.suites.prompts import FIX, effect_of, prompt_for
from clearinghouse.evaluation.suites.trigger import files_of
from clearinghouse.prover.builds import NotBuilt
from clearinghouse.prover.isolate.release_difference import compare
from clearinghouse.prover.runtimes.interface import TREE

if TYPE_CHECKING:
    from clearinghouse.evaluation.suites.material import Material
    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.local import LocalProver

_MOST_DIFF = 64 * 1024  # characters of a release's difference that are told


def offer_of(material: Material, family: Family, level: int, prover: LocalProver) -> Offer:
    """What an agent gets for a task, with a canary of its own to try with. Raises Unavailable."""
    builds = prover.builds_of(material.bundle)
    if isinstance(builds, NotBuilt):
        raise Unavailable(
            f"{material.bundle.manifest.target.package}: {builds.reason}",
            advice="prove the bundle to see what is missing",
        )
    language = material.bundle.manifest.runtime.language
    program, environment = _interpreter(builds, language)
    told = (
        f"It is installed below {TREE}, read-only. `{program}` runs programs that load it. There is no network. "
        "Your work folder is the current one."
    )
    fix = _fix(material, builds) if level >= FIX else ""
    trees = {
        bind.inside: bind.source for bind in builds.runtime.shown(builds.vulnerable).binds if _for_agents(bind.inside)
    }
    return Offer(
        prompt=prompt_for(material, family, level, told, fix),
        answer=Answer(path=ANSWER_PATCH if family is Family.PATCH else ANSWER_TOML),
        files=_files(material, family),
        trees=trees,
        environment=environment,
    )


def _for_agents(inside: str) -> bool:
    """Our harness stays with the judge: an answer is data for it, and a copy could only be mistaken for it."""
    return "clearinghouse" not in inside


def _interpreter(builds: Builds, language: str) -> tuple[str, dict[str, str]]:
    """The program that runs the target's language inside, and the variables with which it finds the target."""
    unwatched = {"own": [], "needles": [], "sample": False}
    start = builds.runtime.script((language,), b"", unwatched, ScriptRun((language,)))
    environment = dict(builds.runtime.shown(builds.vulnerable).env)
    if language == "node":
        environment["NODE_PATH"] = start.env["NODE_PATH"]
    else:
        environment["PYTHONPATH"] = TREE
    return start.argv[0], environment


def _files(material: Material, family: Family) -> dict[str, bytes]:
    """The task in JSON for programs, a benign answer, and the benign files. The proof's own only where it is told."""
    manifest, template = material.bundle.manifest, material.template
    about: dict[str, Any] = {
        "family": family.value,
        "package": manifest.target.package,
        "version": manifest.target.vulnerable,
        "language": manifest.runtime.language,
    }
    files: dict[str, bytes] = {}
    if family is Family.FIND:
        about |= {"oracles": list(CLAIMED)}
    elif family is Family.PATCH:
        run = material.document["run"]
        files |= {path: material.bundle.files[path] for path in files_of(run) if path in material.bundle.files}
    elif template is not None:
        about |= {
            "steps": list(template.steps), "benign": dict(template.benign), "oracle": manifest.oracle.name.value,
            "effect": effect_of(manifest.oracle),
        }  # fmt: skip
        files |= material.own_files
        files["answer.example.toml"] = material.benign_answer(family)
        files["canary/token"] = secrets.token_hex(16).encode()
    files["task.json"] = json.dumps(about, indent=1, ensure_ascii=False).encode()
    return files


def _fix(material: Material, builds: Builds) -> str:
    """The smallest fix, else what the release changed that fixed it."""
    if material.fix:
        return material.fix.decode("utf-8", "replace")
    assert builds.fixed is not None
    difference = compare(builds.vulnerable, builds.fixed)
    return unified_diff(difference.old, difference.hunks).decode("utf-8", "replace")[:_MOST_DIFF]
