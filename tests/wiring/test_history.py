"""Functions that read snapshots also answer from history, and load its code only for a read that needs it."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from unittest.mock import patch

import boto3
import pytest

from functions.history.adapters.dynamodb_hot_table import DynamoDBHotTable
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.history.whole_history import WholeHistory
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.ports import SnapshotMovedError
from infra.names import SEGMENTS_TABLE
from tests.fakes.clock import START
from tests.fakes.cold_start import cold_start
from tests.fakes.deployed import deployed
from tests.fakes.history import FAR_FUTURE, Seam
from tests.fakes.samples import WORLD, stored
from tests.fakes.template_variables import template_variables

# Each function that reads snapshots, and where its composition holds them.
READERS = {
    "snapshot_writer": "_publish",
    "snapshot_reader": "_read",
    "event_relay": "_replay",
    "risk_engine": "_evaluate",
    "stress_engine": "_evaluate",
    "exit_engine": "_emit",
}
LOADED = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(name for name in sys.modules if name.startswith("functions.history"))))
"""


@pytest.mark.parametrize(("folder", "use_case"), READERS.items())
def test_each_function_that_reads_snapshots_reads_those_that_were_moved(folder: str, use_case: str) -> None:
    with deployed("token", ["snapshots:read"]):
        snapshots = getattr(cold_start(folder), use_case).snapshots
        assert isinstance(snapshots, WholeHistory)
        hot = snapshots.hot
        assert isinstance(hot, DynamoDBSnapshots)
        table = DynamoDBHotTable(hot.dynamodb, hot.table, hot.bodies)
        index = DynamoDBSegments(boto3.client("dynamodb"), "segments")
        seam = Seam(hot, table, index, S3Segments(boto3.client("s3"), "blobs"))
        kept = snapshots.put_once(stored(), FAR_FUTURE).stored
        seam.move(kept)
        assert snapshots.get(WORLD, "v1") == kept
        assert snapshots.last_expiry(WORLD) == START + timedelta(minutes=15)


@pytest.mark.parametrize(("folder", "use_case"), READERS.items())
def test_a_deployment_without_a_table_of_segments_reads_the_hot_table_only(
    folder: str, use_case: str
) -> None:
    present = {name: value for name, value in template_variables(folder).items() if name != SEGMENTS_TABLE}
    with patch.dict(os.environ, present, clear=True):
        assert isinstance(getattr(cold_start(folder), use_case).snapshots, DynamoDBSnapshots)


def test_a_tombstone_in_a_deployment_without_history_is_an_error_and_not_a_missing_version() -> None:
    with deployed("token", ["snapshots:read"], **{SEGMENTS_TABLE: ""}):
        snapshots = getattr(cold_start("snapshot_reader"), READERS["snapshot_reader"]).snapshots
        table = DynamoDBHotTable(snapshots.dynamodb, snapshots.table, snapshots.bodies)
        seam = Seam(
            snapshots,
            table,
            DynamoDBSegments(boto3.client("dynamodb"), "segments"),
            S3Segments(boto3.client("s3"), "blobs"),
        )
        seam.move(snapshots.put_once(stored(), FAR_FUTURE).stored)
        with pytest.raises(SnapshotMovedError, match="was moved to history"):
            snapshots.get(WORLD, "v1")


@pytest.mark.parametrize("folder", READERS)
def test_a_cold_start_does_not_load_the_code_that_reads_history(folder: str) -> None:
    command = (sys.executable, "-c", LOADED, f"functions.{folder}.handler")
    environment = template_variables(folder) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, encoding="utf-8")
    assert json.loads(done.stdout) == ["functions.history", "functions.history.whole_history"]
