"""INV-11 by generated requests: examples, coverage, fuzzing and sequences of requests against the handlers."""

from functools import cache

import pytest

from risk_hub_contracts.api.openapi.examples import POLICY
from risk_hub_contracts.api.routes import path_of
from tests.contracts.published import openapi
from tests.fakes.hub import Hub, book, post
from tests.fakes.memory_ports import STAGES
from tools.fuzz.engine import CHECKS, OVER_HTTP, PHASES, UNUSED_CHECKS, Run, Tally, for_sequences, with_stages
from tools.fuzz.wsgi import wsgi_app

SNAPSHOTS = "/risk-hub/worlds/{world_id}/snapshots"
EXAMPLE_POLICY = path_of("put_policy", policy_id=POLICY["policy_id"], version=POLICY["version"])
# Per operation, and as sequences; the coverage phase derives its requests from the description.
MAX_EXAMPLES = {"examples": 1, "coverage": 1, "fuzzing": 25, "stateful": 80}
# Success answers that the phase must have seen, so that it did not only meet refusals. Hypothesis also draws
# constants from the modules that are loaded, so their number depends on the tests that ran before.
SUCCESSES_MIN = {"examples": 10, "coverage": 100, "fuzzing": 100, "stateful": 10}


@pytest.fixture(autouse=True)
def _powertools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "tests")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub")


@cache
def run(phase: str) -> Tally:
    """Run one phase, once a process, against a separate hub with some snapshots and a policy of another subject."""
    hub = Hub()
    for number in range(3):
        assert post(hub.gateway(), book(f"v{number}")).status == 201
    author = {"Authorization": f"Bearer {hub.tokens.issue(subject='author')}"}
    assert hub.gateway()("PUT", EXAMPLE_POLICY, POLICY, headers=author).status == 201
    document = with_stages(openapi(), sorted(STAGES))
    document = for_sequences(document) if phase == "stateful" else document
    return Run([phase], MAX_EXAMPLES[phase]).send_requests(document, hub.tokens.issue(), app=wsgi_app(hub))


@pytest.mark.parametrize("phase", PHASES)
def test_inv_11_every_generated_request_gets_a_declared_answer(phase: str) -> None:
    tally = run(phase)
    assert tally.errors == []
    assert tally.findings == [], "\n\n".join(map(str, tally.findings[:5]))
    assert tally.cases[phase] > 0
    succeeded = sum(count for status, count in tally.by_status().items() if status < 400)
    assert succeeded >= SUCCESSES_MIN[phase], tally.by_status()


def test_example_requests_activate_a_policy_and_read_it() -> None:
    statuses = run("examples").statuses
    active = "/risk-hub/worlds/{world_id}/policy"
    for operation, status in ((f"PUT {active}", 201), (f"GET {active}", 200), (f"GET {active}/history", 200)):
        assert statuses[operation, status] > 0, operation


def test_request_sequences_follow_links_from_publish_to_lookup_and_risk() -> None:
    tally = run("stateful")
    publish, lookup = f"POST {SNAPSHOTS}", f"GET {SNAPSHOTS}/lookup"
    assert tally.followed[f"{publish} -> [201] stored_snapshot -> {lookup}"] > 0
    assert tally.followed[f"{publish} -> [201] risk_report -> GET {SNAPSHOTS}/{{version}}/risk"] > 0
    assert tally.statuses[lookup, 200] > 0


def test_undeclared_status_and_server_error_are_reported() -> None:
    def broken(environ: object, start_response: object) -> list[bytes]:
        assert environ
        assert callable(start_response)
        start_response("500 -", [("Content-Type", "text/plain")])
        return [b"oops"]

    document = openapi()
    health = {**document, "paths": {"/risk-hub/health": document["paths"]["/risk-hub/health"]}}
    tally = Run(["fuzzing"], 1).send_requests(health, "token", app=broken)
    assert {finding.check for finding in tally.findings} >= {"not_a_server_error", "declared_answer"}
    assert tally.by_status()[500] > 0


def test_every_schemathesis_check_is_used_or_excluded_with_a_reason() -> None:
    from schemathesis.checks import CHECKS as KNOWN  # noqa: PLC0415 - after ours is registered

    assert {*CHECKS, OVER_HTTP, *UNUSED_CHECKS} >= set(KNOWN.get_all_names())
    assert all(UNUSED_CHECKS.values())
