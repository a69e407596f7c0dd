"""The application of the API: every route under its version, with our errors, our parser and no pages of its own."""

from __future__ import annotations

from ninja import NinjaAPI

from clearinghouse.api import (
    account,
    cases,
    embargoes,
    facts,
    holdout,
    merging,
    messages,
    participation,
    problems,
    reports,
    review_use,
    reviews,
)
from clearinghouse.api.bodies import StrictParser

api = NinjaAPI(
    title="clearinghouse",
    version="1",
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
    parser=StrictParser(),
)
problems.register(api)
# Operations at one address must be of one router, so all on cases share theirs.
for router in dict.fromkeys(
    part.router
    for part in (
        account,
        reports,
        cases,
        participation,
        embargoes,
        facts,
        messages,
        merging,
        review_use,
        reviews,
        holdout,
    )
):
    api.add_router("", router)
