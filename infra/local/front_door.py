"""The hub's address on this machine: its API and nothing else of the emulator.

A request is handed to the emulator in process with only its path prefixed by the API's stage, so status,
headers, body, percent escapes and query string pass through untouched.
"""

import json
from pathlib import Path
from typing import Final, NamedTuple

from infra.local.asgi import App, Receive, Scope, Send, answer_problem, header_values
from infra.local.problem import problem_body

HUB_PATH: Final = "/risk-hub/"
RETRY_AFTER: Final = (b"retry-after", b"1")
# Headers by which a client could have the emulator take a request for another AWS API's, or for another address's.
WITHHELD_HEADERS: Final = (b"x-amz-", b"x-forwarded-")
# The emulator joins repeated headers with commas, and an actor may contain one.
ACTOR_HEADER: Final = b"x-actor"


class ApiTarget(NamedTuple):
    """Which REST API, at which of its stages, answers at the front door."""

    api_id: str
    stage_name: str

    @property
    def prefix(self) -> str:
        """Path under which the emulator serves the API."""
        return f"/_aws/execute-api/{self.api_id}/{self.stage_name}"


def write_target(path: Path, target: ApiTarget) -> None:
    """Open the front door: record where the API is. Atomic, since the server reads it at any time."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(target._asdict()), encoding="utf-8")
    draft.replace(path)


def read_target(path: Path) -> ApiTarget | None:
    """Return the recorded target, or None while the stage is not deployed yet."""
    try:
        return ApiTarget(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def front_door(emulator: App, target_file: Path) -> App:
    """Serve `/risk-hub/...` from the API that `target_file` names; everything else is a 404 problem."""

    async def front_app(scope: Scope, receive: Receive, send: Send) -> None:
        target = read_target(target_file)
        if not scope["path"].startswith(HUB_PATH):
            await answer_problem(send, 404, not_here())
        elif target is None:
            await answer_problem(send, 503, not_yet(), RETRY_AFTER)
        else:
            await emulator(_addressed(scope, target), receive, send)

    return front_app


def _addressed(scope: Scope, target: ApiTarget) -> Scope:
    headers = [pair for pair in scope["headers"] if not pair[0].lower().startswith(WITHHELD_HEADERS)]
    if len(header_values(scope, ACTOR_HEADER)) > 1:
        # The hub reads a repeated header as an absent one.
        headers = [pair for pair in headers if pair[0].lower() != ACTOR_HEADER]
    raw_path = target.prefix.encode() + scope["raw_path"]
    # A REST API hands the path on as it was sent; the emulator takes it from `path`, which a server decodes.
    return {**scope, "path": raw_path.decode("latin-1"), "raw_path": raw_path, "headers": headers}


def not_here() -> bytes:
    """Return the problem of a path that is not the hub's."""
    detail = f"Only {HUB_PATH}... is served here."
    return problem_body(
        "not-found", 404, "No such resource", detail, "See GET /risk-hub/contract for what the hub offers."
    )


def not_yet() -> bytes:
    """Return the problem of the seconds before the first deployment is done."""
    return problem_body(
        "unavailable",
        503,
        "The hub cannot answer now",
        "The local stage is still being deployed.",
        "Retry in a second.",
    )
