"""Lambda entry point of event_relay."""

from typing import Any

from aws_lambda_powertools import Logger

from functions.hub.composition import Composition

_relay = Composition().relay_records()
_logger = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Announce one batch of stream records; raising makes the stream deliver the whole batch again."""
    relayed = _relay(event["Records"])
    _logger.info("relayed", announced=relayed.announced, isolated=relayed.isolated)
    return {"batchItemFailures": []}
