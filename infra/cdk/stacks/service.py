"""Service stack: functions, API, bus, queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
from infra.cdk.stacks.function_variables import variables_of
from infra.cdk.stacks.permissions import allow_grants
from infra.cdk.stacks.resources import HubResources
from infra.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from infra.cdk.stacks.data import DataStack
    from infra.environments import EnvironmentSpec
    from infra.function_spec import FunctionSpec

# Logical ids of deployed stages that differ from the one derived from the folder's name.
_SCHEDULE_IDS: Final = {"freshness_monitor": "FreshnessSchedule"}
# Only items with such sort keys invoke the relay; other items of the table are internal notes.
_STREAM_PREFIXES: Final = {"evaluations": ("evaluation_id", names.ANNOUNCED_REPORT_PREFIXES)}


class ServiceStack(Stack):
    """Stack that can be deleted and deployed again without losing a snapshot.

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
            description=f"Risk hub, stage {environment.name}: functions, queues and API",
            termination_protection=environment.deletion_protection,
            tags=names.cost_tags(environment.name),
        )
        set_boundary(self, environment.permissions_boundary)
        self._environment, self._code = environment, code
        self.bus = events.EventBus(self, "Bus", event_bus_name=names.bus_name(environment.name))
        self._resources = HubResources(environment, data, self.bus)
        api = self._api()
        for spec in FUNCTIONS.values():
            if spec.streams:
                self._add_relay(spec)
        for spec in FUNCTIONS.values():
            if spec.events:
                self._add_worker(spec)
        # After the workers: the monitor reads the depth of every queue.
        for spec in FUNCTIONS.values():
            if spec.every_minutes is not None:
                self._add_scheduled(spec, Duration.minutes(spec.every_minutes))
        domain = environment.custom_domain
        if domain is not None:
            map_domain(self, domain, api.api)
        CfnOutput(self, "ApiUrl", value=api.api.url if domain is None else domain.url)
        CfnOutput(self, "ApiDefaultUrl", value=api.api.url)
        CfnOutput(self, "ApiId", value=api.api.rest_api_id)
        CfnOutput(self, "BusName", value=self.bus.event_bus_name)

    def _api(self) -> HubApi:
        functions = {
            folder: self._granted_function(spec) for folder, spec in FUNCTIONS.items() if spec.serves_api
        }
        return HubApi(
            self,
            "Rest",
            environment=self._environment,
            writer=functions["snapshot_writer"].live,
            reader=functions["snapshot_reader"].live,
            registry=functions["world_registry"].live,
            evaluations=functions["evaluation_registry"].live,
            evaluator=functions["evaluator"].live,
        )

    def _add_relay(self, spec: FunctionSpec) -> None:
        failures = RelayFailures(self, "RelayFailures", environment=self._environment).queue
        self._resources.relay_failures = failures
        relay = self._granted_function(spec)
        for table in spec.streams:
            RelaySource(
                self,
                f"{table.capitalize()}Stream",
                relay=relay,
                table=self._resources.table(table),
                failures=failures,
                key_prefixes=_STREAM_PREFIXES.get(table),
            )
        self._resources.queues.append(failures)

    def _add_worker(self, spec: FunctionSpec) -> None:
        worker = self._function(spec)
        queue = WorkerQueue(
            self, f"{_construct_id(spec.folder)}Queue", worker=worker, bus=self.bus, detail_types=spec.events
        )
        allow_grants(worker, spec.grants, self._resources)
        self._resources.queues += [queue.queue, queue.dead_letters]

    def _add_scheduled(self, spec: FunctionSpec, every: Duration) -> None:
        construct_id = _SCHEDULE_IDS.get(spec.folder, f"{_construct_id(spec.folder)}Schedule")
        FunctionSchedule(self, construct_id, function=self._granted_function(spec), every=every)

    def _granted_function(self, spec: FunctionSpec) -> HubFunction:
        function = self._function(spec)
        allow_grants(function, spec.grants, self._resources)
        return function

    def _function(self, spec: FunctionSpec) -> HubFunction:
        return HubFunction(
            self,
            _construct_id(spec.folder),
            environment=self._environment,
            spec=spec,
            code=self._code[spec.bundle],
            variables=variables_of(spec, self._resources),
        )


def _construct_id(folder: names.FunctionFolder) -> str:
    return "".join(word.capitalize() for word in folder.split("_"))
