"""No function writes a secret to its log, a metric, an event, a table, a queue or a refusal."""

import base64
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from infra.functions import FUNCTION_FOLDERS
from tests.secrecy.marks import found

ROOT = Path(__file__).parents[2]
SIGNATURE = re.compile("X-Amz-Signature=([0-9a-f]{64})")
EMITTED = re.compile(r'^\{"_aws"', re.MULTILINE)


@dataclass(frozen=True)
class SecrecyRun:
    """The results of driving every handler, and everything written meanwhile."""

    secrets: dict[str, str]
    answers: list[dict[str, Any]]
    kept: list[str]
    functions: list[str]
    log: str

    @property
    def signatures(self) -> set[str]:
        """Return the signatures of all requests that the hub has signed for its callers."""
        return {each for answer in self.answers for each in SIGNATURE.findall(answer.get("body") or "")}


# One worker makes what all tests of this file read.
pytestmark = pytest.mark.xdist_group("secrecy")


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> SecrecyRun:
    file = tmp_path_factory.mktemp("secrecy") / "driven.json"
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.secrecy.hub", str(file)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": ".:contracts/src:client/src"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return SecrecyRun(**json.loads(file.read_text(encoding="utf-8")), log=ended.stdout + ended.stderr)


def test_secrecy_run_covers_every_route_and_expected_status(driven: SecrecyRun) -> None:
    paths = json.loads((ROOT / "contracts" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    requested = {tuple(answer["asked"]) for answer in driven.answers}
    for path, item in paths.items():
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
        methods = {method for method, url in requested if pattern.fullmatch(url)}
        assert {each.upper() for each in item if each != "parameters"} <= methods, path
    statuses = {answer["statusCode"] for answer in driven.answers}
    assert {200, 201, 204, 400, 401, 404, 409, 422, 500, 503} <= statuses


def test_secrecy_run_invokes_every_function_and_collects_its_output(driven: SecrecyRun) -> None:
    for word in ("request", "refused", "failure", "relayed", "replayed", "worked", "watched", "visited"):
        assert f'"message":"{word}"' in driven.log, word
    assert "message returned to the queue" in driven.log
    assert len(EMITTED.findall(driven.log)) > 50
    assert len(driven.kept) > 5
    assert driven.functions == sorted(FUNCTION_FOLDERS)


def test_no_secret_is_logged_or_emitted(driven: SecrecyRun) -> None:
    assert len(driven.signatures) > 10
    assert found(driven.log, driven.secrets.values()) == set()
    assert found(driven.log, driven.signatures) == set()


def test_no_secret_is_stored_or_queued(driven: SecrecyRun) -> None:
    for text in driven.kept:
        assert found(text, [*driven.secrets.values(), *driven.signatures]) == set()


def test_only_presigned_url_responses_contain_a_credential(driven: SecrecyRun) -> None:
    for answer in driven.answers:
        held = found(json.dumps(answer), driven.secrets.values())
        signed = SIGNATURE.search(answer.get("body") or "")
        assert held <= ({driven.secrets["session"]} if signed else set()), answer
        assert not (signed and answer["statusCode"] >= 400), answer


@pytest.mark.parametrize(
    "hidden",
    [
        lambda s: f"Bearer {s}",
        lambda s: f"?X-Amz-Security-Token={quote(s, safe='')}&",
        lambda s: base64.b64encode(s.encode()).decode(),
        lambda s: json.dumps({"inner": json.dumps({"token": s})}),
    ],
)
def test_secret_finder_detects_encoded_secrets(hidden: Any) -> None:
    assert found(hidden("rsh_a/b+c=d"), ["rsh_a/b+c=d"]) == {"rsh_a/b+c=d"}
