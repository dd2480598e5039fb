"""Service stack: functions, API, bus, queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events

from infra import names
from infra.cdk.constructs.api_domain import map_domain
from infra.cdk.constructs.boundary import set_boundary
from infra.cdk.constructs.hub_function import HubFunction
from infra.cdk.constructs.relay_sources import RelayFailures, RelaySource
from infra.cdk.constructs.rest_api import HubApi
from infra.cdk.constructs.schedule import FunctionSchedule
from infra.cdk.constructs.worker_queue import WorkerQueue
from infra.cdk.stacks.function_variables import (
    engine_variables,
    monitor_variables,
    reader_variables,
    reaper_variables,
    registry_variables,
    relay_variables,
    risk_variables,
    writer_variables,
)
from infra.cdk.stacks.permissions import (
    allow_engine,
    allow_exit_engine,
    allow_monitor,
    allow_reader,
    allow_reaper,
    allow_registry,
    allow_relay,
    allow_risk_engine,
    allow_writer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from infra.cdk.stacks.data import DataStack
    from infra.environments import EnvironmentSpec


class ServiceStack(Stack):
    """Can be deleted and deployed again without losing a snapshot.

    If the stage retains its logs, their groups stay and are imported: `cdk deploy
    --import-existing-resources`.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentSpec,
        data: DataStack,
        code: Mapping[names.BundleGroup, lambda_.Code],
    ) -> None:
        super().__init__(
            scope,
            names.stack_name(environment.name, "service"),
            description=f"Risk hub, stage {environment.name}: what runs",
            termination_protection=environment.deletion_protection,
            tags=names.cost_tags(environment.name),
        )
        set_boundary(self, environment.permissions_boundary)
        self._environment, self._data, self._code = environment, data, code
        self.bus = events.EventBus(self, "Bus", event_bus_name=names.bus_name(environment.name))
        api = self._api()
        self._queues: list[sqs.Queue] = []
        self._relay()
        self._workers()
        self._monitor()
        self._reaper()
        domain = environment.custom_domain
        if domain is not None:
            map_domain(self, domain, api.api)
        CfnOutput(self, "ApiUrl", value=api.api.url if domain is None else domain.url)
        CfnOutput(self, "ApiDefaultUrl", value=api.api.url)
        CfnOutput(self, "ApiId", value=api.api.rest_api_id)
        CfnOutput(self, "BusName", value=self.bus.event_bus_name)

    def _api(self) -> HubApi:
        writer = self._function("snapshot_writer", writer_variables(self._environment, self._data))
        allow_writer(
            writer,
            snapshots=self._data.snapshots,
            marks=self._data.marks,
            worlds=self._data.worlds,
            bucket=self._data.bucket,
            tokens=self._data.tokens,
        )
        reader = self._function("snapshot_reader", reader_variables(self._environment, self._data))
        allow_reader(
            reader,
            snapshots=self._data.snapshots,
            worlds=self._data.worlds,
            evaluations=self._data.evaluations,
            bucket=self._data.bucket,
            tokens=self._data.tokens,
        )
        registry = self._function("world_registry", registry_variables(self._environment, self._data))
        allow_registry(registry, self._data)
        return HubApi(
            self,
            "Rest",
            environment=self._environment,
            writer=writer.live,
            reader=reader.live,
            registry=registry.live,
        )

    def _monitor(self) -> None:
        monitor = self._function(
            "freshness_monitor", monitor_variables(self._environment, self._data, self._queues)
        )
        allow_monitor(monitor, self._data, self._queues)
        FunctionSchedule(self, "FreshnessSchedule", function=monitor, every=Duration.minutes(1))

    def _relay(self) -> None:
        failures = RelayFailures(self, "RelayFailures", environment=self._environment).queue
        relay = self._function("event_relay", relay_variables(self._data, self.bus, failures))
        allow_relay(relay, self._data, bus=self.bus, failures=failures)
        RelaySource(self, "SnapshotsStream", relay=relay, table=self._data.snapshots, failures=failures)
        RelaySource(
            self,
            "EvaluationsStream",
            relay=relay,
            table=self._data.evaluations,
            failures=failures,
            key_prefixes=("evaluation_id", names.ANNOUNCED_REPORT_PREFIXES),
        )
        self._queues.append(failures)

    def _workers(self) -> None:
        """Add the workers; a new worker is one line here, its folder and its row in `names.WORKER_EVENTS`."""
        stage, data = self._environment, self._data
        allow_risk_engine(self._worker("risk_engine", risk_variables(stage, data)), data)
        allow_engine(self._worker("stress_engine", engine_variables(stage, data)), data)
        allow_exit_engine(self._worker("exit_engine", engine_variables(stage, data)), data)

    def _reaper(self) -> None:
        reaper = self._function("blob_reaper", reaper_variables(self._environment, self._data))
        allow_reaper(reaper, self._data)
        FunctionSchedule(self, "BlobReaperSchedule", function=reaper, every=Duration.hours(1))

    def _worker(self, folder: names.FunctionFolder, variables: Mapping[str, str]) -> HubFunction:
        worker = self._function(folder, variables)
        queue = WorkerQueue(
            self,
            f"{_construct_id(folder)}Queue",
            worker=worker,
            bus=self.bus,
            detail_types=names.WORKER_EVENTS[folder],
        )
        self._queues += [queue.queue, queue.dead_letters]
        return worker

    def _function(self, folder: names.FunctionFolder, variables: Mapping[str, str]) -> HubFunction:
        return HubFunction(
            self,
            _construct_id(folder),
            environment=self._environment,
            folder=folder,
            code=self._code[names.BUNDLE_OF[folder]],
            variables=variables,
        )


def _construct_id(folder: names.FunctionFolder) -> str:
    return "".join(word.capitalize() for word in folder.split("_"))
