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
def told() -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment["PYTHONPATH"] = f"{ROOT}:{ROOT / 'contracts' / 'src'}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.http.restored"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


def test_f20_nothing_is_asked_of_aws_before_the_image_is_taken(told: dict[str, Any]) -> None:
    assert told["calls_before"] == []


def test_f20_each_restored_environment_signs_with_its_own_credentials(told: dict[str, Any]) -> None:
    assert [each["signed_by"] for each in told["restored"]] == [["KEYOFDAY30"], ["KEYOFDAY60"]]


def test_f20_a_restored_environment_knows_its_own_day(told: dict[str, Any]) -> None:
    first, second = told["restored"]
    assert (first["status"], first["created_at"]) == (201, "2030-01-31T00:00:00.000000Z")
    assert second["status"] == 401, "the token that the image could have cached has expired since"


def test_f20_restored_environments_do_not_throw_the_same_dice(told: dict[str, Any]) -> None:
    """botocore spreads its retries by `random`: copies of one state would retry at the same time."""
    first, second = told["restored"]
    assert first["random"] != second["random"]
