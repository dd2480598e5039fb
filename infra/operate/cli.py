"""`python -m infra.operate`: what an operator runs, and with which exit status it ends: 0 ok, 1 error, 2 usage."""

import argparse
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.errors import StageError
from infra.operate.arguments import parse
from infra.operate.errors import OperateError, sentence
from infra.operate.queue_commands import list_queues, redrive
from infra.operate.replay_command import replay_events
from infra.operate.screen import complain
from infra.operate.stage_access import access_to

FAILED: Final = 1


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status; problems are sentences on stderr."""
    parsed = parse(arguments)
    try:
        return _run(parsed)
    except (OperateError, StageError, ClientError, BotoCoreError) as error:
        complain(sentence(error))
    except KeyboardInterrupt:
        complain("Stopped.")
    return FAILED


def _run(parsed: argparse.Namespace) -> int:
    aws = access_to(parsed.stage_name)
    if parsed.command == "events":
        return replay_events(parsed, aws)
    return redrive(parsed, aws) if parsed.action == "redrive" else list_queues(parsed, aws)
