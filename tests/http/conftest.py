"""The hub behind its HTTP handlers, on in-memory ports."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.entrypoints.http.authenticator import Authenticator
from functions.evaluation.backtest.backtest_risk import BacktestRisk
from functions.evaluation.exits.list_exit_signals import ListExitSignals
from functions.evaluation.latest_scenarios import ReportedScenarios
from functions.evaluation.read_reports import ReadReports
from functions.hub.domain.exposure import ExposureLimits
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.ports import TokenStore
from functions.hub.use_cases.expand_components import ExpandComponents
from functions.hub.use_cases.list_worlds import ListWorlds
from functions.hub.use_cases.publish_snapshot import PublishSnapshot
from functions.hub.use_cases.read_blob import ReadBlob
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from functions.hub.use_cases.register_policies import RegisterPolicies
from functions.hub.use_cases.register_worlds import RegisterWorlds
from functions.hub.use_cases.upload_blobs import UploadBlobs
from functions.snapshot_reader.about import about_routes
from functions.snapshot_reader.backtest import backtest_route
from functions.snapshot_reader.blobs import blob_routes
from functions.snapshot_reader.reports import report_routes
from functions.snapshot_reader.routes import snapshot_routes
from functions.snapshot_writer.routes import snapshot_writer
from functions.snapshot_writer.uploads import add_upload_routes
from functions.telemetry.metrics import MeteredWorlds, no_metered_worlds
from functions.world_registry.routes import world_registry
from tests.fakes.bus_and_tokens import MemoryTokens
from tests.fakes.clock import FrozenClock
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.marks import MemoryMarks
from tests.fakes.registry import MemoryPolicyVersions, MemoryRegistry
from tests.fakes.stores import MemoryBlobs, MemoryForecasts, MemoryReports, MemorySnapshots, MemoryWorlds
from tests.fakes.uploads import MemoryUploads

STAGES = frozenset({"backtest", "paper", "live"})
WORLD = "/risk-hub/worlds/w1/snapshots"


@dataclass
class Hub:
    """Everything behind the handlers, accessible to a test."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    snapshots: MemorySnapshots = field(default_factory=MemorySnapshots)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    worlds: MemoryWorlds = field(default_factory=MemoryWorlds)
    evaluations: MemoryReports = field(default_factory=MemoryReports)
    forecasts: MemoryForecasts = field(default_factory=MemoryForecasts)
    tokens: MemoryTokens = field(default_factory=MemoryTokens)
    listed_tokens: TokenStore | None = None
    marks: MemoryMarks = field(default_factory=MemoryMarks)
    metered: MeteredWorlds = no_metered_worlds
    policy_versions: MemoryPolicyVersions = field(default_factory=MemoryPolicyVersions)
    legacy_method: bool = False
    uploads: MemoryUploads = field(init=False)
    registry: MemoryRegistry = field(init=False)
    exposure: ExposureLimits = field(default_factory=ExposureLimits)
    offload: OffloadPolicy = field(
        default_factory=lambda: OffloadPolicy(enabled=True, inline_threshold_entries=100)
    )

    def __post_init__(self) -> None:
        self.uploads = MemoryUploads(self.blobs)
        self.registry = MemoryRegistry(self.worlds)

    def gateway(self) -> Gateway:
        authenticator = Authenticator(self.listed_tokens or self.tokens, self.clock)
        publish = PublishSnapshot(
            self.snapshots,
            self.blobs,
            self.marks,
            self.clock,
            self.offload,
            timedelta(days=30),
            self.exposure,
        )
        read = ReadSnapshots(self.snapshots, self.worlds, self.clock)
        reads = snapshot_routes(read, ExpandComponents(self.blobs), authenticator, STAGES)
        reports = ReadReports(self.evaluations, self.snapshots, self.worlds, self.clock)
        with_reports = report_routes(reads, read, reports, ListExitSignals(self.evaluations), authenticator)
        reader = backtest_route(with_reports, BacktestRisk(self.forecasts, self.worlds), authenticator)
        upload = UploadBlobs(self.blobs, self.uploads, self.marks, self.clock)
        writer = add_upload_routes(
            snapshot_writer(publish, authenticator, STAGES, self.metered), upload, authenticator
        )
        with_blobs = blob_routes(reader, ReadBlob(self.blobs, self.clock), authenticator)
        headers = {
            "Authorization": f"Bearer {self.tokens.issue()}",
            "X-Actor": "gateway",
            "X-Stage": "paper",
            "Content-Type": "application/json",
        }
        registry = world_registry(
            RegisterWorlds(self.registry, self.clock),
            RegisterPolicies(
                self.registry,
                self.policy_versions,
                ReportedScenarios(self.worlds, self.evaluations),
                self.clock,
                legacy_method=self.legacy_method,
            ),
            ListWorlds(self.registry, self.clock),
            authenticator,
            STAGES,
        )
        return Gateway(
            writer,
            about_routes(with_blobs, authenticator, STAGES, self.offload, self.exposure),
            registry,
            headers,
        )


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture(scope="session", autouse=True)
def _powertools() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_SERVICE_NAME", "tests")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub")
        yield


@pytest.fixture
def api(hub: Hub) -> Gateway:
    return hub.gateway()


def book(version: str = "v1", **fields: Any) -> dict[str, Any]:
    """Return a small valid body; a field set to None is left out."""
    body = {
        "as_of": "2026-01-05T11:59:00Z",
        "version": version,
        "weights": {"AAPL": 0.6, "MSFT": 0.4},
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def post(api: Gateway, body: Any = None, **request: Any) -> Answer:
    return api("POST", WORLD, book() if body is None else body, **request)
