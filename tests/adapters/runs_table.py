"""The table of evaluation runs in moto."""

import boto3

from tests.fakes.moto_bounds import refuse_reversed_bounds

INDEX_KEYS = {
    "by_world": ("list_world", "created_order"),
    "by_strategy": ("list_strategy", "created_order"),
    "by_stage": ("list_stage", "created_order"),
    "by_status": ("list_status", "created_order"),
    "by_stage_and_status": ("list_stage_status", "created_order"),
    "by_hour": ("recorded_hour", "run_key"),
}


def create_runs_table(name: str = "evaluation-runs") -> str:
    """Create the table and return its name."""
    refuse_reversed_bounds()
    attributes = {"run_key", "run_sequence", *(key for keys in INDEX_KEYS.values() for key in keys)}
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in sorted(attributes)],
        KeySchema=[
            {"AttributeName": "run_key", "KeyType": "HASH"},
            {"AttributeName": "run_sequence", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": sort, "KeyType": "RANGE"},
                ],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["sha256"] if index == "by_hour" else ["entry"],
                },
            }
            for index, (partition, sort) in INDEX_KEYS.items()
        ],
    )
    return name
