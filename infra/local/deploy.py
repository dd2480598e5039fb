"""Deploy templates into the emulator as CloudFormation does: stacks are created, or updated in place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, WaiterError

from infra.errors import LocalStageError
from infra.local.assembly import Assembly, Template
from infra.local.aws import LocalAws
from infra.local.code_zip import build_code_zip
from infra.names import BundleGroup

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

TEMPLATE_BODY_MAX_BYTES: Final = 51_200
STACK_POLL_SECONDS: Final = 0.1
STACK_POLL_ATTEMPTS: Final = 600
BOOTSTRAP_PARAMETER: Final = "BootstrapVersion"
BOOTSTRAP_VERSION: Final = "30"
CAPABILITIES: Final = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
# CloudFormation's message for a template that is already deployed; it has no error code for this case.
NO_UPDATES_MESSAGE: Final = "No updates are to be performed"

CodeZips = Callable[[BundleGroup], bytes]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Outputs of the deployed stacks."""

    outputs: dict[str, str]
    resource_count: int


class Deployer:
    """Deploy an assembly with the code of one release into one emulator."""

    def __init__(self, aws: LocalAws, assembly: Assembly, code_zip: CodeZips = build_code_zip) -> None:
        self._assembly = assembly
        self._code_zip = code_zip
        self._cloudformation = aws.client("cloudformation")
        self._s3 = aws.client("s3")
        self._ssm = aws.client("ssm")
        self._lambda = aws.client("lambda")

    def deploy(self) -> Deployment:
        """Upload code, create or update each stack in order, and return all their outputs.

        Raises:
            LocalStageError: a stack failed; the text names the resource and its reason.
        """
        self._upload_code()
        existing = self._existing_stacks()
        for template in self._assembly.templates:
            if template.stack_name in existing:
                self._update(template)
                self._update_code(template)
            else:
                self._create(template)
        return self._deployment()

    def _upload_code(self) -> None:
        bucket = self._assembly.asset_bucket
        self._s3.create_bucket(Bucket=bucket)
        for group, key in self._assembly.asset_keys.items():
            self._s3.put_object(Bucket=bucket, Key=key, Body=self._code_zip(group))

    def _existing_stacks(self) -> set[str]:
        return {stack["StackName"] for stack in self._cloudformation.describe_stacks()["Stacks"]}

    def _create(self, template: Template) -> None:
        self._cloudformation.create_stack(**self._stack_arguments(template))
        self._wait(template.stack_name, "stack_create_complete")

    def _update(self, template: Template) -> None:
        """Update a stack to its template in place; an unchanged stack is left alone."""
        try:
            self._cloudformation.update_stack(**self._stack_arguments(template))
        except ClientError as error:
            if NO_UPDATES_MESSAGE not in str(error):
                raise
            return
        self._wait(template.stack_name, "stack_update_complete")

    def _stack_arguments(self, template: Template) -> dict[str, Any]:
        self._provide_parameters(template)
        where = self._template_argument(template)
        return {"StackName": template.stack_name, "Capabilities": CAPABILITIES, **where}

    def _provide_parameters(self, template: Template) -> None:
        parameter = template.parameters.get(BOOTSTRAP_PARAMETER)
        if parameter is not None:
            self._ssm.put_parameter(
                Name=parameter["Default"], Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
            )

    def _template_argument(self, template: Template) -> dict[str, str]:
        if len(template.body.encode()) <= TEMPLATE_BODY_MAX_BYTES:
            return {"TemplateBody": template.body}
        bucket = self._assembly.asset_bucket
        key = f"{template.stack_name}.template.json"
        self._s3.put_object(Bucket=bucket, Key=key, Body=template.body.encode())
        return {"TemplateURL": f"{self._s3.meta.endpoint_url}/{bucket}/{key}"}

    def _wait(self, name: str, state: str) -> None:
        waiter = self._cloudformation.get_waiter(state)
        try:
            waiter.wait(
                StackName=name, WaiterConfig={"Delay": STACK_POLL_SECONDS, "MaxAttempts": STACK_POLL_ATTEMPTS}
            )
        except WaiterError as error:
            raise LocalStageError(
                f"The stack {name} could not be deployed.\n{self._failures(name)}"
            ) from error

    def _failures(self, name: str) -> str:
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
        return "\n".join(
            f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed
        )

    def _update_code(self, template: Template) -> None:
        """Update every function's code: the code's key is fixed, so no template shows that it changed."""
        functions = template.resources("AWS::Lambda::Function")
        physical = physical_ids(self._cloudformation, template.stack_name)
        for logical_id, properties in functions.items():
            self._lambda.update_function_code(
                FunctionName=physical[logical_id],
                S3Bucket=self._assembly.asset_bucket,
                S3Key=properties["Code"]["S3Key"],
            )

    def _deployment(self) -> Deployment:
        outputs: dict[str, str] = {}
        count = 0
        for template in self._assembly.templates:
            stack = self._cloudformation.describe_stacks(StackName=template.stack_name)["Stacks"][0]
            outputs |= {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
            count += len(physical_ids(self._cloudformation, template.stack_name))
        return Deployment(outputs, count)


def physical_ids(cloudformation: "CloudFormationClient", name: str) -> dict[str, str]:
    """Return logical id -> physical id of a stack's resources."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
    }
