"""Rollback: the released code reads the records that this tree has written."""

import hashlib
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from events.envelope import CloudEvent
from infra.functions import WORKER_EVENTS
from infra.tokens.issue import SCOPES_OF_RELEASE_1_0
from tests.fakes.clock import START
from tests.fakes.deployed import SETTINGS
from tests.fakes.gateway import proxy_event
from tools.cost.snapshot_flow import stream_record
from tools.event_samples.emitted import queue_message
from tools.upgrades import reader
from tools.upgrades.checked_out_release import ASSEMBLY, Release
from tools.upgrades.deployed_hub import Json, function_for
from tools.upgrades.old_form import in_old_form
from tools.upgrades.recorder import answer_of, record
from tools.upgrades.release import ROOT
from tools.upgrades.wire import Wire, preserves, repaired_only, wrong_parts

RELAYED_TABLES = ("snapshots", "evaluations")


def misread_by(released: Release, home: Path) -> list[str]:
    """Return the requests that the released code answers differently from this tree, based on this tree's
    records in the form in which the release stores them.

    The release may omit members, but not change them; of answers that it got wrong, the other parts are
    compared.
    """
    wire, plan, answers = Wire.of(record()), home / "plan.json", home / "answers.json"
    plan.write_text(json.dumps(plan_for(in_old_form(wire))), encoding="utf-8")
    failure = run_reader(released, plan, answers)
    if failure:
        return [f"it cannot work on them at all: {failure}"]
    replies = json.loads(answers.read_text(encoding="utf-8"))
    repaired = Wire.read(ROOT / "contracts" / "released" / released.version).repaired
    return [
        request_line
        for each, reply in zip(wire.reads, replies, strict=True)
        if not _agrees(
            answer := answer_of(reply),
            each["answer"],
            wrong_parts(repaired, request_line := _request_line(each["request"]), answer),
        )
    ]


def run_reader(released: Release, plan: Path, answers: Path) -> str | None:
    """Carry out a plan with the code of a release; return the last line of the error if it fails."""
    command = (sys.executable, "-P", reader.__file__, plan, released.tree / ASSEMBLY, answers)
    done = subprocess.run(
        command,
        cwd=released.tree,
        env=released.environment_of_code(),
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stderr.splitlines()[-1] if done.returncode else None


def plan_for(wire: Wire) -> Json:
    """Return the records to put, the invocations of relay and workers, and the requests to answer."""
    token = secrets.token_urlsafe(16)
    return {
        "environment": SETTINGS | {"RISK_HUB_OFFLOAD": "true"},
        "tokens": {"tokens": [_token_entry(token)]},
        "records": wire.records,
        "invocations": [*_relay_invocations(wire), *_worker_invocations(wire)],
        "requests": [_request_invocation(each, token) for each in wire.reads],
    }


def _token_entry(token: str) -> Json:
    return {
        "id": "reader",
        "sha256": hashlib.sha256(token.encode()).hexdigest(),
        "scopes": list(SCOPES_OF_RELEASE_1_0),
        "actors": ["*"],
        "not_after": None,
    }


def _relay_invocations(wire: Wire) -> Iterator[Json]:
    """Yield the invocation in which each committed item reaches the relay."""
    for table in RELAYED_TABLES:
        for item in wire.records["tables"][table]:
            event = {"Records": [stream_record(item)]}
            yield {"at": START.isoformat(), "function": "event_relay", "event": event}


def _worker_invocations(wire: Wire) -> Iterator[Json]:
    """Yield the invocations in which each announced event reaches the workers whose rule matches it."""
    for announced in map(CloudEvent.model_validate, wire.announced):
        for worker, types in WORKER_EVENTS.items():
            if announced.type in types:
                event = queue_message(announced, worker)
                yield {"at": announced.time, "function": worker, "event": event}


def _request_invocation(exchange: Json, token: str) -> Json:
    """Return the invocation in which a recorded request reaches its function."""
    request = exchange["request"]
    method, path, body = request["method"], request["path"], request["body"]
    given = [*request["headers"].items(), ("Authorization", f"Bearer {token}")]
    event = proxy_event(method, path, given, None if body is None else body.encode())
    return {"at": exchange["at"], "function": function_for(method, path), "event": event}


def _request_line(request: Json) -> str:
    return f"{request['method']} {request['path']}"


def _agrees(answer: Json, now: Json, wrong: Sequence[str] | None) -> bool:
    """Return whether the release's answer equals this tree's, or differs only in the parts that were wrong."""
    return preserves(answer, now) if wrong is None else repaired_only(answer, now, wrong)
