"""The hub's address on this machine, which serves its API and nothing else of the emulator.

A request is passed to the emulator in process; only its path is prefixed by the API's stage, so that status,
headers, body, percent escapes and query string stay unchanged.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Final, NamedTuple

from infra.local.asgi import App, Receive, Scope, Send, header_values, send_problem
from infra.local.problem import Problem, problem_body
from risk_hub_contracts.api.routes import ROOT

HUB_PATH: Final = f"{ROOT}/"
RETRY_AFTER: Final = (b"retry-after", b"1")
# The emulator starts a process for each simultaneous request; with too many starts at once, all time out.
SIMULTANEOUS_REQUESTS_MAX: Final = max(8, 4 * (os.cpu_count() or 1))
# Headers with which a client could make the emulator treat a request as one for another AWS API or address.
DROPPED_HEADERS: Final = (b"x-amz-", b"x-forwarded-")
# The emulator joins repeated headers with commas, and an actor may contain one.
ACTOR_HEADER: Final = b"x-actor"


class ApiTarget(NamedTuple):
    """REST API and stage that the front server serves."""

    api_id: str
    stage_name: str

    @property
    def prefix(self) -> str:
        """Return the path under which the emulator serves the API."""
        return f"/_aws/execute-api/{self.api_id}/{self.stage_name}"


def write_target(path: Path, target: ApiTarget) -> None:
    """Record the API that the front server serves from now on; atomic, because the server reads the file."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(target._asdict()), encoding="utf-8")
    draft.replace(path)


def read_target(path: Path) -> ApiTarget | None:
    """Return the recorded target, or None before the stage is deployed."""
    try:
        return ApiTarget(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def api_proxy(emulator: App, target_file: Path) -> App:
    """Serve `/risk-hub/...` from the API in `target_file`; answer other paths with a 404 problem.

    While `SIMULTANEOUS_REQUESTS_MAX` requests are in progress, further requests wait.
    """
    free = asyncio.Semaphore(SIMULTANEOUS_REQUESTS_MAX)

    async def front_app(scope: Scope, receive: Receive, send: Send) -> None:
        target = read_target(target_file)
        if not scope["path"].startswith(HUB_PATH):
            await send_problem(send, 404, not_found_problem(), request_headers=scope["headers"])
        elif target is None:
            problem = not_deployed_problem()
            await send_problem(send, 503, problem, RETRY_AFTER, request_headers=scope["headers"])
        else:
            async with free:
                await emulator(_forwarded_scope(scope, target), receive, send)

    return front_app


def _forwarded_scope(scope: Scope, target: ApiTarget) -> Scope:
    headers = [pair for pair in scope["headers"] if not pair[0].lower().startswith(DROPPED_HEADERS)]
    if len(header_values(scope, ACTOR_HEADER)) > 1:
        # The hub reads a repeated header as an absent one.
        headers = [pair for pair in headers if pair[0].lower() != ACTOR_HEADER]
    raw_path = target.prefix.encode() + scope["raw_path"]
    # A REST API passes the path on as sent; the emulator uses `path`, which a server decodes.
    return {**scope, "path": raw_path.decode("latin-1"), "raw_path": raw_path, "headers": headers}


def not_found_problem() -> Problem:
    """Return the problem for a path outside the hub's API."""
    detail = f"Only {HUB_PATH}... is served here."
    return problem_body(
        "not-found",
        404,
        "No such resource",
        detail,
        "Send a path below /risk-hub/; contracts/openapi.json lists all of them.",
    )


def not_deployed_problem() -> Problem:
    """Return the problem for requests before the first deployment has finished."""
    return problem_body(
        "unavailable",
        503,
        "The hub is temporarily unavailable",
        "The local stage is still being deployed.",
        "Retry in a second.",
    )
