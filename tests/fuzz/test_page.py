"""The program of `make fuzz`: it sends requests only to loopback, and its page shows counts and findings."""

from collections import Counter

import pytest

from infra.local.sample.publish import HubEndpoint
from tests.contracts.published import openapi
from tools.fuzz.__main__ import fuzz, operations
from tools.fuzz.engine import Finding, Tally
from tools.fuzz.page import page

HEALTH = "GET /risk-hub/health"


def test_fuzz_rejects_a_hub_outside_loopback() -> None:
    with pytest.raises(ValueError, match=r"only a stage on 127\.0\.0\.1"):
        fuzz(HubEndpoint("https://hub.example.com", "token"), 1, 1)


def test_fuzz_page_counts_server_errors_and_shows_findings() -> None:
    tally = Tally(cases=Counter(fuzzing=3), statuses=Counter({(HEALTH, 200): 2, (HEALTH, 502): 1}))
    tally.findings.append(Finding("declared_answer", HEALTH, "the status 502 is not declared"))
    tally.errors.append("stopped after 1 s")
    text = page(tally, [HEALTH, "GET /risk-hub/contract"], ["declared_answer"], {})
    assert "| operations called | 1 of 2 |" in text
    assert "| requests | 3 |" in text
    assert "| **answers with a status of 5xx** | **1** |" in text
    assert "| **undeclared answers** | **1** |" in text
    assert f"| {HEALTH} | 200: 2, 502: 1 |" in text
    assert "| GET /risk-hub/contract | not called |" in text
    assert "the status 502 is not declared" in text
    assert "The engine failed: stopped after 1 s" in text


def test_fuzz_page_without_findings_has_no_findings_section() -> None:
    assert "## Findings" not in page(Tally(), [HEALTH], ["declared_answer"], {})


def test_every_api_operation_is_listed_once() -> None:
    names = operations(openapi())
    assert len(names) == len(set(names))
    assert HEALTH in names
