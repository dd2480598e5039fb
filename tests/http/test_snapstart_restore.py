"""F20: a process restored from a memory image (SnapStart) keeps no clock, credentials or random state."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def restored() -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["PYTHONPATH"] = f"{ROOT}:{ROOT / 'contracts' / 'src'}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.http.restored"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


def test_f20_no_aws_call_is_made_before_the_image_is_taken(restored: dict[str, Any]) -> None:
    assert restored["calls_before"] == []


def test_f20_each_restored_environment_signs_with_its_own_credentials(restored: dict[str, Any]) -> None:
    assert [each["signed_by"] for each in restored["restored"]] == [["KEYOFDAY30"], ["KEYOFDAY60"]]


def test_f20_restored_environment_uses_the_current_time_for_created_at_and_token_expiry(
    restored: dict[str, Any],
) -> None:
    first, second = restored["restored"]
    assert (first["status"], first["created_at"]) == (201, "2030-01-31T00:00:00.000000Z")
    assert second["status"] == 401, "the token that the image could have cached has expired since"


def test_f20_restored_environments_have_different_random_state(restored: dict[str, Any]) -> None:
    """botocore spreads its retries by `random`: copies of one state would retry at the same time."""
    first, second = restored["restored"]
    assert first["random"] != second["random"]
