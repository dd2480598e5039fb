"""The suites of fakes and moto, run with the real adapters on the local stage's own AWS."""

import secrets
from collections.abc import Mapping

import pytest

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.adapters.s3_anchors import S3Anchors
from functions.evaluation.store.dynamodb_activations import DynamoDBActivations
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts
from functions.evaluation.store.dynamodb_input_notes import DynamoDBInputNotes
from functions.evaluation.store.dynamodb_reports import DynamoDBReports
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks
from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.adapters.s3_blob_inventory import S3BlobInventory
from functions.hub.adapters.s3_blobs import S3Blobs
from functions.hub.adapters.s3_uploads import S3Uploads
from functions.hub.ports import SnapshotStore
from infra.local.bring_up import RunningStage
from tests.adapters import (
    test_anchor_store,
    test_blob_marks,
    test_blob_store,
    test_blob_uploads,
    test_evaluation_policies,
    test_evaluation_store,
    test_exit_policies,
    test_forecast_store,
    test_hot_table,
    test_input_notes,
    test_policy_activations,
    test_run_store,
    test_segments,
    test_snapshot_store,
    test_world_registry,
    test_world_store,
)
from tests.adapters.conftest import TABLE_PROPERTIES, declared_tables
from tests.adapters.test_anchor_store import LOCK, Stored, object_key
from tests.adapters.test_blob_marks import InventoryWithStore
from tests.adapters.test_blob_uploads import Store as UploadStore
from tests.adapters.test_exit_policies import Store
from tests.adapters.test_hot_table import Hot, dynamodb_hot_of
from tests.adapters.test_segments import Stores as SegmentStores
from tests.adapters.test_snapshot_store import Moving, seam_of
from tests.adapters.test_world_registry import Rows
from tests.fakes.calls import call
from tests.fakes.clock import FrozenClock
from tests.fakes.samples import WORLD

BUCKET = "blobs"
NEEDS_MOTO = {
    "test_an_object_that_names_no_hour_is_not_an_anchor",
    "test_every_object_is_locked_in_compliance_mode_for_the_time_of_the_lock",
    "test_a_locked_version_cannot_be_removed",
    "test_versions_on_several_pages_are_one_key",
    "test_the_largest_batch_is_one_request_and_a_replay_of_half_of_it_two",
    "test_an_append_costs_one_read_and_one_write",
    "test_record_history_and_each_list_are_one_query_for_any_number_of_runs",
    "test_a_throttled_transaction_raises_unavailable_error",
    "test_a_transaction_that_meets_another_one_is_a_refusal",
    "test_a_damaged_row_is_found_by_verification_and_stops_no_scan",
    "test_the_status_of_a_strategy_is_selected_beyond_the_first_entries",
    "test_only_the_list_entry_has_keys_of_lists_and_only_items_have_an_hour",
    "test_download_url_is_signed_with_signature_version_4",
    "test_signed_upload_headers_include_size_and_digest",
    "test_completion_resumes_after_a_crashed_attempt",
    "test_longest_names_fit_into_the_dynamodb_key_limit",
    "test_invalid_stored_policy_raises_instead_of_using_the_default",
    "test_policy_rows_never_expire_and_lists_do_not_read_documents",
    "test_largest_policy_fits_into_a_row",
    "test_unreadable_row_is_still_monitored_and_hides_no_other_row",
}
SUITES = (
    test_anchor_store,
    test_snapshot_store,
    test_segments,
    test_hot_table,
    test_world_registry,
    test_world_store,
    test_blob_marks,
    test_blob_store,
    test_blob_uploads,
    test_evaluation_policies,
    test_evaluation_store,
    test_exit_policies,
    test_forecast_store,
    test_input_notes,
    test_policy_activations,
    test_run_store,
)

for suite in SUITES:
    tests = {
        name: test
        for name, test in vars(suite).items()
        if name.startswith("test_") and callable(test) and name not in NEEDS_MOTO
    }
    twice = tests.keys() & globals().keys()
    if twice:
        raise RuntimeError(f"two suites have a test named {', '.join(twice)}: one would hide the other")
    globals().update(tests)
gone = NEEDS_MOTO - {name for suite in SUITES for name in vars(suite)}
if gone:
    raise RuntimeError(f"no suite has a test named {', '.join(gone)}: say what needs moto now")


def table(stage: RunningStage, purpose: str) -> str:
    """Create an empty table as declared in the template."""
    declared = declared_tables()[purpose]
    name = f"{purpose}-{secrets.token_hex(4)}"
    wanted = {key: declared[key] for key in TABLE_PROPERTIES if key in declared}
    wanted.pop("StreamSpecification", None)
    stage.aws.client("dynamodb").create_table(TableName=name, **wanted)
    return name


def bucket(stage: RunningStage) -> str:
    stage.aws.client("s3").create_bucket(Bucket=BUCKET)
    return BUCKET


def hot_store(stage: RunningStage) -> DynamoDBSnapshots:
    bodies = BodyStore(stage.aws.client("s3"), bucket(stage))
    return DynamoDBSnapshots(stage.aws.client("dynamodb"), table(stage, "snapshots"), bodies)


@pytest.fixture(params=["hot", "across the seam"])
def store(stage: RunningStage, request: pytest.FixtureRequest) -> SnapshotStore:
    hot = hot_store(stage)
    return hot if request.param == "hot" else Moving(seam_of(hot, table(stage, "segments")), every=2)


@pytest.fixture
def stores(stage: RunningStage) -> SegmentStores:
    index = DynamoDBSegments(stage.aws.client("dynamodb"), table(stage, "segments"))
    name = f"history-{secrets.token_hex(4)}"
    stage.aws.client("s3").create_bucket(Bucket=name)
    return SegmentStores(index, S3Segments(stage.aws.client("s3"), name))


@pytest.fixture
def dynamodb_hot(stage: RunningStage) -> Hot:
    hot = hot_store(stage)
    return dynamodb_hot_of(hot.dynamodb, hot.table, hot.bodies)


@pytest.fixture
def hot(dynamodb_hot: Hot) -> Hot:
    return dynamodb_hot


@pytest.fixture
def worlds(stage: RunningStage) -> DynamoDBWorlds:
    return DynamoDBWorlds(stage.aws.client("dynamodb"), table(stage, "worlds"))


@pytest.fixture
def rows(stage: RunningStage) -> Rows:
    dynamodb, name = stage.aws.client("dynamodb"), table(stage, "worlds")
    return Rows(DynamoDBRegistry(dynamodb, name), DynamoDBWorlds(dynamodb, name))


@pytest.fixture
def blobs(stage: RunningStage) -> S3Blobs:
    return S3Blobs(stage.aws.client("s3"), bucket(stage))


large = test_blob_uploads.large


@pytest.fixture
def upload_store(stage: RunningStage) -> UploadStore:
    s3 = stage.aws.client("s3")
    name = f"uploads-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=name)

    def send(url: str, headers: Mapping[str, str], body: bytes) -> int:
        return call("PUT", url, dict(headers), body).status

    return UploadStore(S3Uploads(s3, name), S3Blobs(s3, name), send)


@pytest.fixture
def marks(stage: RunningStage) -> DynamoDBBlobMarks:
    return DynamoDBBlobMarks(stage.aws.client("dynamodb"), table(stage, "marks"))


@pytest.fixture
def inventory(stage: RunningStage) -> InventoryWithStore:
    s3 = stage.aws.client("s3")
    name = f"inventory-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=name)
    return InventoryWithStore(S3BlobInventory(s3, name), S3Blobs(s3, name))


@pytest.fixture
def evaluations(stage: RunningStage) -> DynamoDBReports:
    return DynamoDBReports(stage.aws.client("dynamodb"), table(stage, "evaluations"))


@pytest.fixture
def policies(stage: RunningStage) -> DynamoDBEvaluationPolicies:
    return DynamoDBEvaluationPolicies(stage.aws.client("dynamodb"), table(stage, "policies"))


@pytest.fixture
def activations(stage: RunningStage) -> DynamoDBActivations:
    return DynamoDBActivations(stage.aws.client("dynamodb"), table(stage, "policies"))


@pytest.fixture
def runs(stage: RunningStage) -> DynamoDBRuns:
    return DynamoDBRuns(stage.aws.client("dynamodb"), table(stage, "evaluation_runs"))


many = test_run_store.many


@pytest.fixture
def stored(stage: RunningStage) -> Stored:
    s3 = stage.aws.client("s3")
    name = f"anchors-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return Stored(
        S3Anchors(s3, name, LOCK, FrozenClock()),
        lambda hour, data: s3.put_object(Bucket=name, Key=object_key(hour), Body=data),
        lambda hour: s3.delete_object(Bucket=name, Key=object_key(hour)),
    )


@pytest.fixture
def forecasts(stage: RunningStage) -> DynamoDBForecasts:
    bodies = BodyStore(stage.aws.client("s3"), bucket(stage))
    return DynamoDBForecasts(stage.aws.client("dynamodb"), table(stage, "evaluations"), bodies)


@pytest.fixture
def stored_policy(stage: RunningStage) -> tuple[DynamoDBWorlds, Store]:
    name = table(stage, "worlds")

    def write(text: str) -> None:
        stage.aws.client("dynamodb").update_item(
            TableName=name,
            Key={"world_id": {"S": WORLD}, "stage": {"S": "paper"}},
            UpdateExpression="SET exit_policy = :policy",
            ExpressionAttributeValues={":policy": {"S": text}},
        )

    return DynamoDBWorlds(stage.aws.client("dynamodb"), name), write


@pytest.fixture
def notes(stage: RunningStage) -> DynamoDBInputNotes:
    return DynamoDBInputNotes(stage.aws.client("dynamodb"), table(stage, "evaluations"))
