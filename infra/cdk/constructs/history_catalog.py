"""The history as a table for queries: a Glue database and table over the segments in the bucket (ADR-0058)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from constructs import Construct

from infra import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_s3 as s3

    from infra.environments import EnvironmentSpec

# The members of a row, in Hive types. `world_id` is a partition: no column may have its name too.
# Instants are RFC 3339 text, which Hive does not read as timestamps; the document is JSON text.
COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "version": "string",
        "as_of": "string",
        "created_at": "string",
        "expires_at": "string",
        "stage": "string",
        "actor": "string",
        "content_hash": "string",
        "ttl_sec": "bigint",
        "document_bytes": "bigint",
        "correlation_id": "string",
        "trace_header": "string",
        "document": "string",
    }
)
PARTITIONS: Final[Mapping[str, str]] = MappingProxyType({"world_id": "string", "day": "string"})
# The contract accepts an `as_of` from this year on, and at most minutes after the hub's clock.
DAYS: Final = "1990-01-01,NOW+1DAYS"


class HistoryCatalog(Construct):
    """Database `risk_hub_<stage>` with the table `snapshots`.

    Partitions are computed from the query, so no crawler runs and no partition is registered. A query must
    name its world. The catalog holds no data: removing it removes no history.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: EnvironmentSpec, bucket: s3.IBucket
    ) -> None:
        super().__init__(scope, construct_id)
        account, location = (
            Stack.of(self).account,
            f"s3://{bucket.bucket_name}/{names.HISTORY_SNAPSHOTS_PREFIX}",
        )
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=names.history_database(environment.name),
                description=f"Risk hub, stage {environment.name}: history",
            ),
        )
        glue.CfnTable(
            self,
            "Snapshots",
            catalog_id=account,
            database_name=database.ref,
            table_input=glue.CfnTable.TableInputProperty(
                name=names.HISTORY_TABLE,
                description="Snapshots that were moved to history, one row each",
                table_type="EXTERNAL_TABLE",
                parameters=_projection(location),
                partition_keys=_columns(PARTITIONS),
                storage_descriptor=_storage(location),
            ),
        )


def _projection(location: str) -> dict[str, str]:
    return {
        "EXTERNAL": "TRUE",
        "classification": "json",
        "compressionType": "gzip",
        "projection.enabled": "true",
        "projection.world_id.type": "injected",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": DAYS,
        "storage.location.template": f"{location}world_id=${{world_id}}/day=${{day}}/",
    }


def _storage(location: str) -> glue.CfnTable.StorageDescriptorProperty:
    return glue.CfnTable.StorageDescriptorProperty(
        location=location,
        columns=_columns(COLUMNS),
        compressed=True,
        input_format="org.apache.hadoop.mapred.TextInputFormat",
        output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serde_info=glue.CfnTable.SerdeInfoProperty(
            # It returns an object as JSON text in a column of type string, with its keys as they were written.
            serialization_library="org.openx.data.jsonserde.JsonSerDe",
            parameters={"case.insensitive": "FALSE"},
        ),
    )


def _columns(types: Mapping[str, str]) -> list[glue.CfnTable.ColumnProperty]:
    return [glue.CfnTable.ColumnProperty(name=name, type=kind) for name, kind in types.items()]
