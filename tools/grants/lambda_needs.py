"""Actions of Lambda itself under a function's role, from its documentation.

The emulator reads streams and queues and writes logs without checking the role, so IAM policy evaluation is
asked.
"""

from collections.abc import Iterator

from infra.functions import FUNCTION_FOLDERS
from infra.local.aws import LocalAws
from infra.names import FunctionFolder, physical_name
from tools.grants.roles import Grant, Roles

LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
TRACE_ACTIONS = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
CONSUME_ACTIONS = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
STREAM_READ_ACTIONS = (
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
)
SOURCE_ACTIONS = {"sqs": CONSUME_ACTIONS, "dynamodb": STREAM_READ_ACTIONS}


def lambda_needs(aws: LocalAws, roles: Roles) -> dict[Grant, str]:
    """Return the actions that Lambda needs to run the deployed functions, each with its resource's ARN."""
    return {
        Grant(folder, action, roles.readable(resource)): resource
        for folder in FUNCTION_FOLDERS
        for action, resource in _needs(aws, folder)
    }


def _needs(aws: LocalAws, folder: FunctionFolder) -> Iterator[tuple[str, str]]:
    functions, name = aws.client("lambda"), physical_name("local", folder)
    function = functions.get_function_configuration(FunctionName=name)
    region, account = function["FunctionArn"].split(":")[3:5]
    group = f"arn:aws:logs:{region}:{account}:log-group:{function['LoggingConfig']['LogGroup']}:*"
    yield from ((action, group) for action in LOG_ACTIONS)
    if function["TracingConfig"]["Mode"] == "Active":
        yield from ((action, "*") for action in TRACE_ACTIONS)
    for mapping in functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
        source = mapping["EventSourceArn"]
        yield from ((action, source) for action in SOURCE_ACTIONS[source.split(":")[2]])
        failed = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if failed:
            yield "sqs:SendMessage", failed
