"""Lambda entry point of anchor_keeper."""

from functions.wiring.process import prepare_process, utc_now

prepare_process()

from typing import Any

from functions.anchor_keeper.run_metrics import report
from functions.anchor_keeper.verification import verification_answer
from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.adapters.s3_anchors import S3Anchors
from functions.evaluation.runs.anchor_runs import AnchorRuns
from functions.evaluation.runs.verify_runs import VerifyRuns
from functions.hub.adapters.aws import client
from functions.telemetry import log
from functions.wiring import settings

_runs = DynamoDBRuns(client("dynamodb"), settings.evaluation_runs_table())
_anchors = S3Anchors(
    client("s3"), settings.anchor_bucket(), settings.anchor_lock(), utc_now, settings.anchor_prefix()
)
_anchor = AnchorRuns(_runs, _anchors, utc_now)
_verify = VerifyRuns(_runs, _anchors, utc_now)


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Anchor every hour that has ended since the last anchor, or verify runs for an operator.

    Raises:
        AnchorConflictError: an anchor in the store was not made by this function.
    """
    if "verify" in event:
        verified = verification_answer(_verify, event["verify"])
        log.info("verified", verify=event["verify"], broken=verified.get("broken_count"))
        return verified
    done = _anchor()
    report(done)
    counts = {each.hour: each.count for each in done}
    log.info("anchored", hours=counts)
    return {"anchored": counts}


handler = lambda_handler  # the name in the templates; ADR-0027
