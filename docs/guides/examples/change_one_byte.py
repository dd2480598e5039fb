"""Change one byte of the last item of a run in the table of a local stage. No role of the hub may do this."""

import sys

from infra.names import LOCAL_STAGE, table_name
from infra.ops.operate.stage_access import LOCAL, clients_for
from risk_hub_contracts.runs.run_key import RunKey

world, strategy, run = sys.argv[1:]
table = clients_for(LOCAL).client("dynamodb")
name = table_name(LOCAL_STAGE, "evaluation_runs")
found = table.query(
    TableName=name,
    KeyConditionExpression="run_key = :run",
    ExpressionAttributeValues={":run": {"S": RunKey(world, strategy, run).text}},
    ConsistentRead=True,
)
row = found["Items"][-1]
body = bytearray(row["body"]["B"])
body[-1] ^= 1
table.put_item(TableName=name, Item={**row, "body": {"B": bytes(body)}})
sys.stdout.write(f"changed one byte of item {int(row['run_sequence']['S'])}\n")
