from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clearinghouse.formats.osv import Record, osv_problems, severity_kind, write_osv

RECORD = Record(
    id="x_CLH-2026-00001",
    modified="2026-11-23T12:00:00Z",
    published="2026-11-23T12:00:00Z",
    summary="a summary",
    details="details",
    purl_type="pypi",
    package="gizmo",
    versions=("1.4",),
    events=(("introduced", "1.4"), ("fixed", "1.5")),
    severity="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
    references=(("WEB", "https://example.invalid/"),),
    credits=(("FINDER", "Lab One"),),
)


def test_a_full_record_has_no_problems() -> None:
    assert osv_problems(write_osv(RECORD)) == ()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "CLH-2026-00001"}, "id"),
        ({"modified": "yesterday"}, "modified"),
        ({"purl_type": "cobol"}, "affected[0].package"),
        ({"versions": (), "events": ()}, "affected[0]"),
        ({"events": (("fixed", "1.5"),)}, "no introduced event"),
        ({"events": (("introduced", "0"), ("fixed", "1"), ("last_affected", "2"))}, "exclude each other"),
        ({"events": (("introduced", "0"), ("ended", "1"))}, "exactly one of"),
        ({"severity": "very bad"}, "severity[0]"),
        ({"credits": (("GENIUS", "Lab One"),)}, "credits[0]"),
        ({"references": (("WEB", "javascript:alert(1)"),)}, "references[0]"),
    ],
)
def test_a_problem_names_its_place(change: dict[str, Any], place: str) -> None:
    problems = osv_problems(write_osv(replace(RECORD, **change)))
    assert any(place in problem for problem in problems), problems


def test_a_scoped_package_keeps_its_scope_in_name_and_purl() -> None:
    (affected,) = write_osv(replace(RECORD, purl_type="npm", package="@scope/thing"))["affected"]
    assert affected["package"] == {"ecosystem": "npm", "name": "@scope/thing", "purl": "pkg:npm/%40scope/thing"}


def test_a_repository_is_affected_between_commits() -> None:
    commits = (("introduced", "a" * 40), ("fixed", "b" * 40))
    record = replace(RECORD, purl_type="", package="", repository="https://example.invalid/thing", events=commits)
    document = write_osv(record)
    assert document["affected"] == [
        {
            "ranges": [
                {
                    "type": "GIT",
                    "repo": "https://example.invalid/thing",
                    "events": [{"introduced": "a" * 40}, {"fixed": "b" * 40}],
                }
            ]
        }
    ]
    assert osv_problems(document) == ()
    assert "https address" in osv_problems(write_osv(replace(record, repository="git://example.invalid/thing")))[0]


@pytest.mark.parametrize(
    ("vector", "kind"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "CVSS_V3"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", "CVSS_V4"),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", None),
        ("10.0", None),
    ],
)
def test_a_vector_is_told_by_its_form(vector: str, kind: str | None) -> None:
    assert severity_kind(vector) == kind
