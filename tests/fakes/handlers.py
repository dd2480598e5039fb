"""The HTTP handlers of the hub on in-memory ports."""

from functions.entrypoints.http.authenticator import Authenticator
from functions.evaluation.backtest.backtest_risk import BacktestRisk
from functions.evaluation.evaluations.evaluate_strategies import EvaluateStrategies
from functions.evaluation.evaluations.resolve_inputs import ResolveInputs
from functions.evaluation.evaluations.world_policy import WorldPolicy
from functions.evaluation.exits.list_exit_signals import ListExitSignals
from functions.evaluation.latest_scenarios import ReportedScenarios
from functions.evaluation.policies.activate_policy import ActivatePolicy
from functions.evaluation.policies.read_activations import ReadActivations
from functions.evaluation.policies.read_policies import ReadPolicies
from functions.evaluation.policies.store_policy import StorePolicy
from functions.evaluation.read_reports import ReadReports
from functions.evaluation.rollout.change_rollout import ChangeRollout
from functions.evaluation.rollout.read_rollout import ReadRollout
from functions.evaluation.runs.answer_runs import AnswerRuns
from functions.evaluation.runs.read_runs import ReadRuns
from functions.evaluation_registry.rollout_routes import RolloutRoutes, add_rollout_routes
from functions.evaluation_registry.routes import PolicyRoutes, evaluation_registry
from functions.evaluation_registry.run_routes import RunRoutes, add_run_routes
from functions.evaluator.routes import EvaluationRoutes, evaluator
from functions.history.list_history import ListHistory
from functions.hub.use_cases.expand_components import ExpandComponents
from functions.hub.use_cases.list_worlds import ListWorlds
from functions.hub.use_cases.read_blob import ReadBlob
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from functions.hub.use_cases.register_policies import RegisterPolicies
from functions.hub.use_cases.register_worlds import RegisterWorlds
from functions.hub.use_cases.upload_blobs import UploadBlobs
from functions.snapshot_reader.about import about_routes
from functions.snapshot_reader.backtest import backtest_route
from functions.snapshot_reader.blobs import blob_routes
from functions.snapshot_reader.history import history_routes
from functions.snapshot_reader.reports import report_routes
from functions.snapshot_reader.routes import snapshot_routes
from functions.snapshot_writer.routes import add_upload_routes, snapshot_writer
from functions.snapshot_writer.uploads import UploadRoutes
from functions.world_registry.routes import world_registry
from tests.fakes.gateway import Gateway, LambdaHandler
from tests.fakes.memory_ports import STAGES, MemoryPorts


def gateway(ports: MemoryPorts) -> Gateway:
    """Return the handlers behind one address; requests carry a new token, an actor and a stage."""
    authenticator = Authenticator(ports.listed_tokens or ports.tokens, ports.clock)
    headers = {
        "Authorization": f"Bearer {ports.tokens.issue()}",
        "X-Actor": "gateway",
        "X-Stage": "paper",
        "Content-Type": "application/json",
    }
    return Gateway(
        _writer(ports, authenticator),
        _reader(ports, authenticator),
        _registry(ports, authenticator),
        _evaluations(ports, authenticator),
        evaluator(EvaluationRoutes(evaluate_strategies(ports), authenticator), STAGES),
        headers,
    )


def _writer(ports: MemoryPorts, authenticator: Authenticator) -> LambdaHandler:
    writer = snapshot_writer(ports.publish_snapshot(), authenticator, STAGES, ports.metered)
    upload = UploadBlobs(ports.blobs, ports.uploads, ports.marks, ports.clock)
    return add_upload_routes(writer, lambda: UploadRoutes(upload, authenticator))


def _reader(ports: MemoryPorts, authenticator: Authenticator) -> LambdaHandler:
    read = ReadSnapshots(ports.snapshots, ports.worlds, ports.clock)
    reports = ReadReports(ports.evaluations, ports.snapshots, ports.worlds, ports.clock)
    router = snapshot_routes(read, ExpandComponents(ports.blobs), authenticator, STAGES)
    router = report_routes(router, read, reports, ListExitSignals(ports.evaluations), authenticator)
    router = backtest_route(
        router, BacktestRisk(ports.forecasts, ports.worlds, ports.snapshots), authenticator
    )
    router = blob_routes(router, ReadBlob(ports.blobs, ports.clock), authenticator)
    router = history_routes(
        router,
        lambda: ListHistory(ports.segments, ports.segments, ports.snapshots, ports.clock),
        authenticator,
    )
    return about_routes(router, authenticator, STAGES, ports.offload, ports.exposure)


def _registry(ports: MemoryPorts, authenticator: Authenticator) -> LambdaHandler:
    policies = RegisterPolicies(
        ports.registry,
        ports.policy_versions,
        ReportedScenarios(ports.worlds, ports.evaluations),
        ports.clock,
        legacy_method=ports.legacy_method,
    )
    worlds = RegisterWorlds(ports.registry, ports.clock)
    return world_registry(worlds, policies, ListWorlds(ports.registry, ports.clock), authenticator, STAGES)


def _evaluations(ports: MemoryPorts, authenticator: Authenticator) -> LambdaHandler:
    routes = PolicyRoutes(
        StorePolicy(ports.policies, ports.clock),
        ReadPolicies(ports.policies),
        ActivatePolicy(ports.policies, ports.activations, ports.clock),
        ReadActivations(ports.activations),
        authenticator,
    )
    changes = ChangeRollout(ports.rollout, ports.clock)
    rollout = RolloutRoutes(changes, ReadRollout(ports.rollout), authenticator)
    router = add_rollout_routes(evaluation_registry(routes, STAGES), rollout)
    add_run_routes(router, RunRoutes(AnswerRuns(ReadRuns(ports.runs)), authenticator))
    return router


def evaluate_strategies(ports: MemoryPorts) -> EvaluateStrategies:
    """Return the use case of the evaluator."""
    inputs = ResolveInputs(
        WorldPolicy(ports.policies, ports.activations),
        ReadSnapshots(ports.snapshots, ports.worlds, ports.clock),
        ports.blobs,
        ports.runs,
        ReadRollout(ports.rollout),
    )
    return EvaluateStrategies(inputs, ports.runs, ports.clock)
