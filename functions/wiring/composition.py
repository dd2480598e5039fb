"""Composition of each function: its adapters and use cases, built from its environment."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from functions.hub.adapters.aws import client
from functions.wiring.restore import reseed_random_after_restore
from risk_hub_contracts.base.limits import INLINE_COV_THRESHOLD_DEFAULT_ENTRIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.announcing.announce_commits import AnnounceCommits
    from functions.announcing.relay_records import RelayRecords
    from functions.announcing.replay_snapshots import ReplaySnapshots
    from functions.entrypoints.http.authenticator import Authenticator
    from functions.evaluation.backtest.backtest_risk import BacktestRisk
    from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
    from functions.evaluation.exits.list_exit_signals import ListExitSignals
    from functions.evaluation.ports import Tally
    from functions.evaluation.read_reports import ReadReports
    from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts
    from functions.evaluation.store.dynamodb_input_notes import DynamoDBInputNotes
    from functions.evaluation.store.dynamodb_reports import DynamoDBReports
    from functions.evaluation.stress.evaluate import EvaluateStress
    from functions.hub.adapters.body_store import BodyStore
    from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks
    from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
    from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
    from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
    from functions.hub.adapters.s3_blobs import S3Blobs
    from functions.hub.adapters.secret_tokens import SecretTokens
    from functions.hub.adapters.sqs_queue_depths import SQSQueueDepths
    from functions.hub.domain.exposure import ExposureLimits
    from functions.hub.domain.offload import OffloadPolicy
    from functions.hub.use_cases.expand_components import ExpandComponents
    from functions.hub.use_cases.list_worlds import ListWorlds
    from functions.hub.use_cases.publish_snapshot import PublishSnapshot
    from functions.hub.use_cases.read_blob import ReadBlob
    from functions.hub.use_cases.read_snapshots import ReadSnapshots
    from functions.hub.use_cases.reap_blobs import ReapBlobs
    from functions.hub.use_cases.register_worlds import RegisterWorlds
    from functions.hub.use_cases.upload_blobs import UploadBlobs
    from functions.hub.use_cases.watch_freshness import WatchFreshness
    from functions.telemetry.health import WorkerName
    from functions.telemetry.metered_worlds import MeteredWorlds


def utc_now() -> datetime:
    """Return the hub's own time."""
    return datetime.now(UTC)


class Composition:
    """Builds use cases from a function's environment; a missing variable is named in an error at start-up."""

    clock = staticmethod(utc_now)

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Take the settings from `environment`; see infra's table of variables."""
        self._environment = environment
        reseed_random_after_restore()

    def authenticator(self) -> Authenticator:
        """Return the check of bearer tokens."""
        from functions.entrypoints.http.authenticator import Authenticator

        return Authenticator(self.tokens(), utc_now)

    def stages(self) -> frozenset[str]:
        """Return the stages that a producer may name."""
        return frozenset(self._setting("STAGE_ALLOW_LIST").split(","))

    def offload(self) -> OffloadPolicy:
        """Return the offload threshold that producers and the hub share."""
        from functions.hub.domain.offload import OffloadPolicy

        default = str(INLINE_COV_THRESHOLD_DEFAULT_ENTRIES)
        threshold = self._environment.get("RISK_HUB_INLINE_COV_THRESHOLD", default)
        return OffloadPolicy(self._setting("OFFLOAD") == "true", int(threshold))

    def exposure(self) -> ExposureLimits:
        """Return the limits on gross exposure by X-Stage."""
        from functions.hub.domain.exposure import ExposureLimits

        return ExposureLimits.parse(self._environment.get("RISK_HUB_GROSS_EXPOSURE_MAX", ""))

    def publish_snapshot(self) -> PublishSnapshot:
        """Return the writer's use case."""
        from functions.hub.use_cases.publish_snapshot import PublishSnapshot

        return PublishSnapshot(
            self._snapshots(),
            self.blobs(),
            self._marks(),
            utc_now,
            self.offload(),
            self.retention(),
            self.exposure(),
        )

    def upload_blobs(self) -> UploadBlobs:
        """Return the writer's use case for blobs that producers upload themselves."""
        from functions.hub.adapters.s3_uploads import S3Uploads
        from functions.hub.use_cases.upload_blobs import UploadBlobs

        uploads = S3Uploads(client("s3 copying"), self._setting("BUCKET"))
        return UploadBlobs(self.blobs(), uploads, self._marks(), utc_now)

    def reap_blobs(self) -> ReapBlobs:
        """Return the reaper's use case."""
        from functions.hub.adapters.s3_blob_inventory import S3BlobInventory
        from functions.hub.use_cases.reap_blobs import ReapBlobs

        inventory = S3BlobInventory(client("s3"), self._setting("BUCKET"))
        grace = timedelta(hours=int(self._setting("BLOB_GRACE_HOURS")))
        return ReapBlobs(inventory, self._marks(), self._snapshots(), utc_now, grace, lambda: uuid4().hex)

    def read_blob(self) -> ReadBlob:
        """Return the reader's use case for blobs."""
        from functions.hub.use_cases.read_blob import ReadBlob

        return ReadBlob(self.blobs(), utc_now)

    def read_snapshots(self) -> ReadSnapshots:
        """Return the reader's use case for snapshots."""
        from functions.hub.use_cases.read_snapshots import ReadSnapshots

        return ReadSnapshots(self._snapshots(), self._worlds(), utc_now)

    def read_reports(self) -> ReadReports:
        """Return the reader's use case for risk and stress reports."""
        from functions.evaluation.read_reports import ReadReports

        return ReadReports(self.reports(), self._snapshots(), self._worlds(), utc_now)

    def list_exit_signals(self) -> ListExitSignals:
        """Return the reader's use case for exit signals."""
        from functions.evaluation.exits.list_exit_signals import ListExitSignals

        return ListExitSignals(self.reports())

    def backtest_risk(self) -> BacktestRisk:
        """Return the reader's use case for back-tests: forecasts compared with realised returns."""
        from functions.evaluation.backtest.backtest_risk import BacktestRisk

        return BacktestRisk(self.forecasts(), self._worlds())

    def expand_components(self) -> ExpandComponents:
        """Return the reader's use case that resolves references."""
        from functions.hub.use_cases.expand_components import ExpandComponents

        return ExpandComponents(self.blobs())

    def relay_records(self) -> RelayRecords:
        """Return the relay's use case."""
        from functions.announcing.relay_records import RelayRecords
        from functions.announcing.sqs_failure_queue import SQSFailureQueue
        from functions.announcing.stream_records import StreamRecordDecoder

        failures = SQSFailureQueue(client("sqs"), self._setting("FAILURE_QUEUE_URL"))
        return RelayRecords(StreamRecordDecoder(self._bodies()), self._announce_commits(), failures)

    def replay_snapshots(self) -> ReplaySnapshots:
        """Return the relay's use case by which operators repeat announcements."""
        from functions.announcing.replay_snapshots import ReplaySnapshots

        reports = self.reports()
        return ReplaySnapshots(self._snapshots(), reports, reports, self._announce_commits(), utc_now)

    def evaluate_stress(self) -> EvaluateStress:
        """Return the stress engine's use case."""
        from functions.evaluation.stress.evaluate import EvaluateStress

        return EvaluateStress(
            self._snapshots(),
            self.blobs(),
            self.reports(),
            utc_now,
            self.retention(),
            self.tally("stress_engine"),
        )

    def emit_exit_signals(self) -> EmitExitSignals:
        """Return the exit engine's use case."""
        from functions.evaluation.exits.emit_exit_signals import EmitExitSignals

        return EmitExitSignals(
            self._snapshots(),
            self._worlds(),
            self.reports(),
            utc_now,
            self.retention(),
            self.tally("exit_engine"),
        )

    def tally(self, worker: WorkerName) -> Tally:
        """Return the counter of a worker's evaluations by stage and status."""
        from functions.telemetry.health import ReportTally

        return ReportTally(worker, self.stages())

    def metered_worlds(self) -> MeteredWorlds:
        """Return the worlds that have their own metrics."""
        from functions.hub.adapters.dynamodb_metered_worlds import DynamoDBMeteredWorlds

        brief = client("dynamodb brief")
        return DynamoDBMeteredWorlds(brief, self._setting("WORLDS_TABLE"), utc_now, self.stages())

    def tokens(self) -> SecretTokens:
        """Return the list of the live tokens."""
        from functions.hub.adapters.secret_tokens import SecretTokens

        return SecretTokens(client("secretsmanager"), self._setting("TOKENS_SECRET_ARN"), utc_now)

    def register_worlds(self) -> RegisterWorlds:
        """Return the registry's use case for writes."""
        from functions.hub.use_cases.register_worlds import RegisterWorlds

        return RegisterWorlds(self._registry(), utc_now)

    def list_worlds(self) -> ListWorlds:
        """Return the registry's use case that lists the worlds with their freshness status."""
        from functions.hub.use_cases.list_worlds import ListWorlds

        return ListWorlds(self._registry(), utc_now)

    def watch_freshness(self) -> WatchFreshness:
        """Return the monitor's use case."""
        from functions.hub.use_cases.watch_freshness import WatchFreshness

        return WatchFreshness(self._registry(), utc_now, self.stages())

    def queue_depths(self) -> SQSQueueDepths:
        """Return the numbers of messages waiting in the hub's queues."""
        from functions.hub.adapters.sqs_queue_depths import SQSQueueDepths

        return SQSQueueDepths(client("sqs"), self._setting("QUEUE_URLS").split(","))

    def announced_snapshots(self) -> DynamoDBSnapshots:
        """Return the store from which a worker fetches a snapshot that did not fit on the bus."""
        return self._snapshots()

    def blobs(self) -> S3Blobs:
        """Return the blob store."""
        from functions.hub.adapters.s3_blobs import S3Blobs

        return S3Blobs(client("s3"), self._setting("BUCKET"))

    def reports(self) -> DynamoDBReports:
        """Return the evaluation store."""
        from functions.evaluation.store.dynamodb_reports import DynamoDBReports

        return DynamoDBReports(client("dynamodb"), self._setting("EVALUATIONS_TABLE"))

    def forecasts(self) -> DynamoDBForecasts:
        """Return the store that a back-test reads."""
        from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts

        return DynamoDBForecasts(client("dynamodb"), self._setting("EVALUATIONS_TABLE"), self._bodies())

    def input_notes(self) -> DynamoDBInputNotes:
        """Return the risk engine's notes on blobs."""
        from functions.evaluation.store.dynamodb_input_notes import DynamoDBInputNotes

        return DynamoDBInputNotes(client("dynamodb"), self._setting("EVALUATIONS_TABLE"))

    def retention(self) -> timedelta:
        """Return how long the store keeps its items."""
        return timedelta(days=int(self._setting("RETENTION_DAYS")))

    def risk_settings(self) -> tuple[str, str]:
        """Return the deployment's choices for the risk numbers: its fallback, and the legacy method."""
        return self._setting("RISK_FALLBACK"), self._setting("LEGACY_METHOD")

    def _announce_commits(self) -> AnnounceCommits:
        from functions.announcing.announce_commits import AnnounceCommits
        from functions.announcing.eventbridge_bus import EventBridgeBus

        bus = EventBridgeBus(client("events"), self._setting("BUS_NAME"))
        return AnnounceCommits(self._worlds(), bus)

    def _snapshots(self) -> DynamoDBSnapshots:
        from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots

        return DynamoDBSnapshots(client("dynamodb"), self._setting("SNAPSHOTS_TABLE"), self._bodies())

    def _marks(self) -> DynamoDBBlobMarks:
        from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks

        return DynamoDBBlobMarks(client("dynamodb"), self._setting("MARKS_TABLE"))

    def _bodies(self) -> BodyStore:
        from functions.hub.adapters.body_store import BodyStore

        return BodyStore(client("s3"), self._setting("BUCKET"))

    def _worlds(self) -> DynamoDBWorlds:
        from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds

        return DynamoDBWorlds(client("dynamodb"), self._setting("WORLDS_TABLE"))

    def _registry(self) -> DynamoDBRegistry:
        from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry

        return DynamoDBRegistry(client("dynamodb"), self._setting("WORLDS_TABLE"))

    def _setting(self, name: str) -> str:
        variable = f"RISK_HUB_{name}"
        value = self._environment.get(variable)
        if not value:
            raise RuntimeError(
                f"the environment variable {variable} is not set; infra sets it for this function"
            )
        return value
