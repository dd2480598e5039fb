"""`python -m tools.fuzz`: generated requests against a local stage; writes docs/fuzz-run.md, status 1 on a
finding.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from infra.local.bring_up import start_stage
from infra.local.sample.publish import HubEndpoint, publish, sample_body, wait_for_risk
from infra.local.settings import ANY_FREE_PORT, REPOSITORY, LocalSettings
from risk_hub_contracts.blob.write import encode_covariance
from risk_hub_contracts.golden.cases import WORLD_ID
from tests.contracts.published import openapi
from tests.fakes.calls import call
from tests.local_stage.caller import Caller
from tools.fuzz.engine import (
    CHECKS,
    OVER_HTTP,
    PHASES,
    UNUSED_CHECKS,
    Json,
    Run,
    Tally,
    for_sequences,
    with_stages,
)
from tools.fuzz.page import page

PAGE = REPOSITORY / "docs" / "fuzz-run.md"
BLOBS = "/risk-hub/worlds/{world_id}/blobs"
LOOPBACK = "127.0.0.1"
MAX_EXAMPLES, MAX_SECONDS = 25, 540
EVERY_CHECK = (*CHECKS, OVER_HTTP)


def fuzz(hub: HubEndpoint, max_examples: int, max_seconds: int) -> Tally:
    """Send all requests to the stage; sequences use a narrowed description, so they are a separate run.

    Raises:
        ValueError: the hub does not listen on loopback.
    """
    if urlsplit(hub.url).hostname != LOOPBACK:
        raise ValueError(f"only a stage on {LOOPBACK} is asked, not {hub.url}")
    document = with_stages(openapi(), stages_of(hub))
    alone, sequences = PHASES[:-1], PHASES[-1:]
    tally = _run(hub, document, Run(alone, max_examples, EVERY_CHECK, max_seconds * 3 // 4))
    tally.merge(
        _run(hub, for_sequences(document), Run(sequences, max_examples, EVERY_CHECK, max_seconds // 4))
    )
    return tally


def _run(hub: HubEndpoint, document: Json, run: Run) -> Tally:
    return run.send_requests(document, hub.token, url=hub.url)


def store_example_blob(hub: HubEndpoint) -> None:
    """Upload the blob that the examples of the API description name, so that reading it succeeds."""
    caller, data = Caller(hub), encode_covariance(["AAPL", "MSFT"], [0.04, 0.01, 0.09])
    (example,) = openapi()["paths"][BLOBS]["post"]["requestBody"]["content"]["application/json"][
        "examples"
    ].values()
    begun = caller.post_to(f"{WORLD_ID}/blobs", example["value"])
    put = begun.document()["put"]
    if call(put["method"], put["url"], put["headers"], data).status != HTTPStatus.OK:
        raise RuntimeError("the example blob could not be uploaded")


def stages_of(hub: HubEndpoint) -> list[str]:
    """Return the stages that the deployment serves."""
    found: list[str] = Caller(hub).get("/risk-hub/contract").document()["stages"]
    return found


def operations(document: Json) -> list[str]:
    """Return every operation of the API description, as schemathesis names it."""
    return [
        f"{verb.upper()} {path}"
        for path, item in document["paths"].items()
        for verb in item
        if verb != "parameters"
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz a separate stage and report; return 1 on a finding or an operation without a request."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--max-examples", type=int, default=MAX_EXAMPLES, help="requests per operation")
    parser.add_argument("--max-seconds", type=int, default=MAX_SECONDS, help="the run ends after this time")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        settings = LocalSettings(Path(home) / "stage", ANY_FREE_PORT, ANY_FREE_PORT, enforce_iam=True)
        stage = start_stage(settings, Console(), detached=False, fresh=True)
        try:
            wait_for_risk(stage.hub, publish(stage.hub, sample_body(datetime.now(UTC))))
            store_example_blob(stage.hub)
            tally = fuzz(stage.hub, options.max_examples, options.max_seconds)
        finally:
            stage.process.stop()
    declared = operations(openapi())
    text = page(tally, declared, EVERY_CHECK, UNUSED_CHECKS)
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    missing = set(declared) - tally.operations()
    return 1 if tally.findings or tally.errors or missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
