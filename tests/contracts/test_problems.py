import re

import pytest

from risk_hub_contracts.base.problems import (
    CONTRACT_VIOLATION,
    PROBLEMS,
    VERSION_CONFLICT,
    ProblemError,
    ProblemType,
    Violation,
)

STATUSES = {
    "unauthenticated": 401,
    "forbidden-scope": 403,
    "forbidden-actor": 403,
    "second-subject-required": 403,
    "network-denied": 403,
    "actor-required": 400,
    "stage-invalid": 400,
    "world-mismatch": 400,
    "invalid-query": 400,
    "cursor-invalid": 400,
    "body-too-large": 413,
    "unsupported-media-type": 415,
    "malformed-json": 400,
    "not-utf8": 400,
    "duplicate-key": 400,
    "non-finite-number": 400,
    "too-deep": 400,
    "contract-violation": 422,
    "hash-mismatch": 422,
    "ref-invalid": 422,
    "blob-malformed": 422,
    "upload-invalid": 422,
    "registration-invalid": 422,
    "forecast-not-stored": 422,
    "upload-mismatch": 422,
    "version-conflict": 409,
    "policy-version-conflict": 409,
    "policy-version-not-found": 404,
    "evaluation-invalid": 422,
    "evaluation-conflict": 409,
    "policy-not-active": 409,
    "stage-not-covered": 409,
    "policy-not-found": 404,
    "no-active-policy": 404,
    "rollout-out-of-order": 409,
    "nothing-to-roll-back": 409,
    "run-not-found": 404,
    "not-found": 404,
    "method-not-allowed": 405,
    "snapshot-not-found": 404,
    "world-unknown": 404,
    "snapshot-expired": 404,
    "risk-not-found": 404,
    "stress-not-found": 404,
    "will-not-be-evaluated": 404,
    "blob-not-found": 404,
    "nothing-expected": 404,
    "upload-not-found": 404,
    "blob-unavailable": 424,
    "document-unavailable": 424,
    "throttled": 429,
    "unavailable": 503,
    "world-full": 507,
    "gateway-timeout": 504,
    "internal": 500,
}


def test_the_registry_holds_every_problem_with_its_status() -> None:
    assert {slug: problem.status for slug, problem in PROBLEMS.items()} == STATUSES


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=list(PROBLEMS))
def test_every_problem_has_a_valid_slug_uri_title_and_remedy(problem: ProblemType) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", problem.slug)
    assert problem.uri == f"urn:risk-hub:problem:{problem.slug}"
    assert problem.title[0].isupper() or problem.title.startswith("X-")
    assert not problem.title.endswith(".")
    assert problem.remedy.endswith(".")
    assert len(problem.remedy) > 30


def test_problem_titles_are_unique() -> None:
    assert len({problem.title for problem in PROBLEMS.values()}) == len(PROBLEMS)


def test_a_problem_document_has_the_members_of_rfc_9457() -> None:
    error = ProblemError(CONTRACT_VIOLATION, "Two rules.", [Violation("/a", "x"), Violation("", "y")])
    assert error.to_problem("/risk-hub/worlds/w/snapshots") == {
        "type": "urn:risk-hub:problem:contract-violation",
        "title": "The snapshot violates the contract",
        "status": 422,
        "detail": "Two rules.",
        "remedy": CONTRACT_VIOLATION.remedy,
        "instance": "/risk-hub/worlds/w/snapshots",
        "errors": [{"pointer": "/a", "detail": "x"}, {"pointer": "", "detail": "y"}],
    }


def test_extension_members_are_added_to_the_problem_document() -> None:
    error = ProblemError(VERSION_CONFLICT, "Other content.", extra={"stored_hash": "sha256:0"})
    document = error.to_problem()
    assert document["stored_hash"] == "sha256:0"
    assert not {"instance", "errors", "errors_omitted"} & set(document)


def test_problem_error_text_contains_the_slug_and_detail() -> None:
    assert str(ProblemError(VERSION_CONFLICT, "Other content.")) == "version-conflict: Other content."
