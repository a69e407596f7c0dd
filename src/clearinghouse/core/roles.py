"""Who a party can be: kinds of organisations, and the roles it has in one, on the site and in a case."""

from __future__ import annotations

from enum import StrEnum


class PartyKind(StrEnum):
    """What takes part: an organisation, a person, or a name known from reports only, behind which nobody signs in."""

    ORGANISATION = "organisation"
    PERSON = "person"
    NAME = "name"


class OrganisationKind(StrEnum):
    """What an organisation is to the clearinghouse."""

    AGENCY = "agency"
    LAB = "lab"
    MAINTAINER = "maintainer"
    OPERATOR = "operator"
    RESEARCH = "research"


class OrganisationRole(StrEnum):
    """What a person is in an organisation: a manager invites and removes members, both act for it."""

    MEMBER = "member"
    MANAGER = "manager"


class SiteRole(StrEnum):
    """What a person is to the whole site, whatever the case."""

    ADMIN = "admin"  # accounts, organisations, settings; no case content
    AUDITOR = "auditor"  # who did what and when; no content under embargo
    TRIAGER = "triager"  # reads reports and cases, decides nothing
    COORDINATOR = "coordinator"  # leads cases for the clearinghouse
    PUBLISHER = "publisher"  # approves what leaves the house
    EVALUATOR = "evaluator"  # assesses submitted models
    PROVER = "prover"  # a service: takes proofs, gives verdicts


class CaseRole(StrEnum):
    """What a participant is in one case (the roles of multi-party disclosure); it may be several."""

    FINDER = "finder"
    REPORTER = "reporter"
    VENDOR = "vendor"
    DEPLOYER = "deployer"
    COORDINATOR = "coordinator"
    OBSERVER = "observer"
    OWNER = "owner"
    MANAGER = "manager"  # always a coordinator too
    CNA = "cna"


class Tlp(StrEnum):
    """FIRST's Traffic Light Protocol 2.0: how far something may be passed on."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"


class Scope(StrEnum):
    """What an API token may be used for; a token never gives more than its owner has."""

    REPORTS_SUBMIT = "reports:submit"
    REPORTS_READ = "reports:read"
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    JOURNAL_READ = "journal:read"
    REVIEWS_READ = "reviews:read"
    REVIEWS_WRITE = "reviews:write"
