"""The tables: keys, indexes, retention, streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.cdk.constructs.removal_policy import removal_policy_for
from infra.cdk.constructs.resource_policies import (
    deny_other_accounts,
    deny_plain_http,
    deny_run_changes,
)
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from infra.environments import EnvironmentSpec


class HubTables(Construct):
    """Tables `snapshots`, `worlds`, `evaluations`, `marks`, `segments`, `policies` and `evaluation_runs`.

    Names are fixed on purpose: CloudFormation cannot replace a table with a fixed name, so a change that
    needs a new table (keys, local indexes) fails the deployment instead of leaving the data behind. Such a
    change gives the table a new name in `names.TABLE_WORDS`, which also gives it a new logical id: `snapshots-2`
    has the indexes of ADR-0054. A stage that ran release 1.0 keeps the table of that release, under the logical id
    that it has there, until its items are copied (ADR-0059).
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment: EnvironmentSpec) -> None:
        super().__init__(scope, construct_id)
        self._environment = environment
        self.snapshots = self._table("snapshots", expires=True, streamed=True)
        self.worlds = self._table("worlds", expires=False, streamed=False)
        self.evaluations = self._table("evaluations", expires=True, streamed=True)
        self.marks = self._table("marks", expires=True, streamed=False)
        # No local index: a world's list of segments may grow beyond 10 GB.
        self.segments = self._table("segments", expires=True, streamed=False)
        # Versions and activations are kept permanently: evaluation runs name them (ADR-0063).
        self.policies = self._table("policies", expires=False, streamed=False)
        self.evaluation_runs = self._table("evaluation_runs", expires=False, streamed=True)
        self._add_time_indexes()
        self._add_emission_index()
        self._add_policy_index()
        self._add_run_indexes()
        self.old_snapshots = self._old_snapshots() if environment.old_snapshots else None

    def _table(
        self,
        name: names.TableName,
        *,
        expires: bool,
        streamed: bool,
    ) -> dynamodb.Table:
        return self._named_table(
            names.TABLE_WORDS.get(name, name), names.TABLE_KEYS[name], expires=expires, streamed=streamed
        )

    def _named_table(
        self, word: str, keys: tuple[str, str], *, expires: bool, streamed: bool
    ) -> dynamodb.Table:
        table_name = names.physical_name(self._environment.name, word)
        partition_key, sort_key = keys
        table = dynamodb.Table(
            self,
            word.replace("-", "").capitalize(),
            table_name=table_name,
            resource_policy=self._resource_policy(table_name),
            partition_key=_string_attribute(partition_key),
            sort_key=_string_attribute(sort_key),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            # The AWS managed key, not the AWS owned one: its use is recorded in CloudTrail.
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            time_to_live_attribute=names.TTL_ATTRIBUTE if expires else None,
            stream=dynamodb.StreamViewType.NEW_IMAGE if streamed else None,
            deletion_protection=self._environment.deletion_protection,
            removal_policy=removal_policy_for(self._environment),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=self._environment.point_in_time_recovery,
            ),
        )
        if not self._environment.point_in_time_recovery:
            acknowledge(table, {"AwsSolutions-DDB3": "This stage holds samples that can be published again"})
        return table

    def _resource_policy(self, table_name: str) -> iam.PolicyDocument:
        """Return the table's resource policy, with the fixed table name: a table cannot refer to itself."""
        stack = Stack.of(self)
        arn = stack.format_arn(service="dynamodb", resource="table", resource_name=table_name)
        resources = [arn, f"{arn}/index/*"]
        statements = [
            deny_plain_http("dynamodb:*", resources),
            deny_other_accounts("dynamodb:*", resources, stack.account),
        ]
        if table_name == names.table_name(self._environment.name, "evaluation_runs"):
            statements.append(deny_run_changes(resources))
        return iam.PolicyDocument(statements=statements)

    def _add_time_indexes(self) -> None:
        """Add the local indexes: keys and the attributes that filters compare (ADR-0054).

        An entry is below one write unit. DynamoDB fetches the item itself within the same query.
        """
        for index_name, (sort_key, attributes) in names.LOCAL_INDEXES.items():
            self.snapshots.add_local_secondary_index(
                index_name=index_name,
                sort_key=_string_attribute(sort_key),
                projection_type=dynamodb.ProjectionType.INCLUDE,
                non_key_attributes=list(attributes),
            )

    def _old_snapshots(self) -> dynamodb.Table:
        """Return the table of snapshots with the name and the indexes of release 1.0."""
        keys = names.TABLE_KEYS["snapshots"]
        table = self._named_table(names.OLD_SNAPSHOTS, keys, expires=True, streamed=True)
        for index_name, sort_key in (("by_as_of", "time_order"), ("by_stage", "stage_time_order")):
            table.add_local_secondary_index(
                index_name=index_name,
                sort_key=_string_attribute(sort_key),
                projection_type=dynamodb.ProjectionType.ALL,
            )
        table.add_local_secondary_index(
            index_name="by_expiry",
            sort_key=_string_attribute("expiry_order"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["time_order", "stage", "actor", "created_at"],
        )
        return table

    def _add_emission_index(self) -> None:
        """Add the index of exit signals; other records lack its sort key and cost no write here.

        The index is global: a local one would limit each world's reports to 10 GB and can only be created
        with its table.
        """
        self.evaluations.add_global_secondary_index(
            index_name="by_emission",
            partition_key=_string_attribute("world_id"),
            sort_key=_string_attribute("signal_order"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["report", "stage"],
        )

    def _add_policy_index(self) -> None:
        """Add the index that lists the versions of policies without their documents, which may have 256 kB."""
        self.policies.add_global_secondary_index(
            index_name="by_policy",
            partition_key=_string_attribute("list_group"),
            sort_key=_string_attribute("list_order"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["policy_hash", "owner", "stored_at", "stored_by", "request_id"],
        )

    def _add_run_indexes(self) -> None:
        """Add the indexes of the lists of runs, and the one from which the anchors are made."""
        for index_name, (partition_key, sort_key, attributes) in names.RUN_INDEXES.items():
            self.evaluation_runs.add_global_secondary_index(
                index_name=index_name,
                partition_key=_string_attribute(partition_key),
                sort_key=_string_attribute(sort_key),
                projection_type=dynamodb.ProjectionType.INCLUDE,
                non_key_attributes=[*attributes],
            )


def _string_attribute(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
