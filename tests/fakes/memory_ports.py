"""Every port of the hub in memory, and the settings of a deployment."""

from dataclasses import dataclass, field
from datetime import timedelta

from functions.evaluation.risk.policy import NO_POLICY, RiskPolicy
from functions.hub.domain.exposure import ExposureLimits
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.ports import TokenStore
from functions.hub.use_cases.publish_snapshot import PublishSnapshot
from functions.telemetry.metrics import MeteredWorlds, no_metered_worlds
from tests.fakes.bus_and_tokens import MemoryBus, MemoryTokens
from tests.fakes.clock import FrozenClock
from tests.fakes.evaluation_policies import MemoryActivations, MemoryEvaluationPolicies
from tests.fakes.history import MemorySegments
from tests.fakes.marks import MemoryMarks
from tests.fakes.registry import MemoryPolicyVersions, MemoryRegistry
from tests.fakes.rollout import MemoryRollout
from tests.fakes.runs import MemoryRuns
from tests.fakes.stores import (
    MemoryBlobs,
    MemoryForecasts,
    MemoryInputNotes,
    MemoryReports,
    MemorySnapshots,
    MemoryWorlds,
)
from tests.fakes.uploads import MemoryUploads

RETENTION = timedelta(days=30)
STAGES = frozenset({"backtest", "paper", "live"})


@dataclass
class MemoryPorts:
    """The ports and settings behind the handlers, the relay and the engines.

    Attributes:
        publisher: the writer's use case; an earlier release's one can take its place.
        listed_tokens: a token store that takes the place of `tokens`.
    """

    clock: FrozenClock = field(default_factory=FrozenClock)
    snapshots: MemorySnapshots = field(default_factory=MemorySnapshots)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    worlds: MemoryWorlds = field(default_factory=MemoryWorlds)
    evaluations: MemoryReports = field(default_factory=MemoryReports)
    forecasts: MemoryForecasts = field(default_factory=MemoryForecasts)
    notes: MemoryInputNotes = field(default_factory=MemoryInputNotes)
    bus: MemoryBus = field(default_factory=MemoryBus)
    tokens: MemoryTokens = field(default_factory=MemoryTokens)
    listed_tokens: TokenStore | None = None
    marks: MemoryMarks = field(default_factory=MemoryMarks)
    metered: MeteredWorlds = no_metered_worlds
    policy_versions: MemoryPolicyVersions = field(default_factory=MemoryPolicyVersions)
    policies: MemoryEvaluationPolicies = field(default_factory=MemoryEvaluationPolicies)
    activations: MemoryActivations = field(default_factory=MemoryActivations)
    rollout: MemoryRollout = field(default_factory=MemoryRollout)
    runs: MemoryRuns = field(default_factory=MemoryRuns)
    legacy_method: bool = False
    risk_policy: RiskPolicy = NO_POLICY
    publisher: type[PublishSnapshot] = PublishSnapshot
    exposure: ExposureLimits = field(default_factory=ExposureLimits)
    segments: MemorySegments = field(default_factory=MemorySegments)
    offload: OffloadPolicy = field(
        default_factory=lambda: OffloadPolicy(enabled=True, inline_threshold_entries=100)
    )
    uploads: MemoryUploads = field(init=False)
    registry: MemoryRegistry = field(init=False)

    def __post_init__(self) -> None:
        self.uploads = MemoryUploads(self.blobs)
        self.registry = MemoryRegistry(self.worlds)

    def publish_snapshot(self) -> PublishSnapshot:
        """Return the writer's use case with the present settings."""
        return self.publisher(
            self.snapshots, self.blobs, self.marks, self.clock, self.offload, RETENTION, self.exposure
        )
