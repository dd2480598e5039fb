"""The functions' roles on a local stage, with all grants or without one of them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from infra.functions import FUNCTION_FOLDERS
from infra.local.aws import LocalAws
from infra.names import FunctionFolder, physical_name, table_purpose

PREFIX = physical_name("local", "")
RELAY_FAILURES = "event-relay-failures"


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One action on one resource, for one function's role."""

    folder: FunctionFolder
    action: str
    where: str

    def __str__(self) -> str:
        return f"{self.folder}: {self.action} on {self.where}"


@dataclass(frozen=True, slots=True)
class _Pair:
    action: str
    resource: str

    def statement(self) -> dict[str, str]:
        return {"Effect": "Allow", "Action": self.action, "Resource": self.resource}


class Roles:
    """Read and narrow the policies that CloudFormation gave the functions' roles.

    `buckets` has the readable name of each bucket.
    """

    def __init__(self, aws: LocalAws, buckets: Mapping[str, str]) -> None:
        self._iam = aws.client("iam")
        self._buckets = buckets
        configuration = aws.client("lambda").get_function_configuration
        self.arns: Mapping[FunctionFolder, str] = {
            folder: configuration(FunctionName=physical_name("local", folder))["Role"]
            for folder in FUNCTION_FOLDERS
        }

    def grants(self) -> list[Grant]:
        """Return every grant of every function's role."""
        return sorted(
            {
                Grant(folder, pair.action, self.readable(pair.resource))
                for folder in FUNCTION_FOLDERS
                for policy in self._policies(folder).values()
                for pair in policy
            }
        )

    @contextmanager
    def without(self, grant: Grant) -> Iterator[None]:
        """Remove one grant, and restore it."""
        given = self._policies(grant.folder)
        try:
            for name, pairs in given.items():
                self._put(grant.folder, name, [pair for pair in pairs if not self._matches(pair, grant)])
            yield
        finally:
            for name, pairs in given.items():
                self._put(grant.folder, name, pairs)

    def allows(self, folder: FunctionFolder, action: str, resource: str) -> bool:
        """Ask IAM policy evaluation whether a role may perform an action."""
        answer = self._iam.simulate_principal_policy(
            PolicySourceArn=self.arns[folder], ActionNames=[action], ResourceArns=[resource]
        )
        return all(each["EvalDecision"] == "allowed" for each in answer["EvaluationResults"])

    def readable(self, resource: str) -> str:
        """Return a resource's readable name: `snapshots/index/by_stage`, `bucket/risk-blobs/*`."""
        if not resource.startswith("arn:"):
            return resource
        service, name = resource.split(":", 5)[2::3]
        if service == "s3":
            bucket, slash, objects = name.partition("/")
            return f"{self._buckets.get(bucket, bucket)}{slash}{objects}"
        if service == "dynamodb":
            table, _, rest = name.removeprefix("table/").partition("/")
            purpose = table_purpose(table)
            return f"{purpose}/stream" if rest.startswith("stream/") else f"{purpose}/{rest}".rstrip("/")
        plain = {"secretsmanager": "tokens", "events": "bus", "logs": "log"}
        return plain.get(service) or name.removeprefix(PREFIX).replace(RELAY_FAILURES, "relay-failures")

    def _matches(self, pair: _Pair, grant: Grant) -> bool:
        return (pair.action, self.readable(pair.resource)) == (grant.action, grant.where)

    def _policies(self, folder: FunctionFolder) -> dict[str, list[_Pair]]:
        role = self.arns[folder].rpartition("/")[2]
        names = self._iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {
            name: _pairs(self._iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
            for name in names
        }

    def _put(self, folder: FunctionFolder, name: str, pairs: list[_Pair]) -> None:
        document = {"Version": "2012-10-17", "Statement": [pair.statement() for pair in pairs]}
        self._iam.put_role_policy(
            RoleName=self.arns[folder].rpartition("/")[2],
            PolicyName=name,
            PolicyDocument=json.dumps(document),
        )


def _pairs(document: Mapping[str, Any]) -> list[_Pair]:
    """Return a policy of plain Allow statements as single grants."""
    pairs: list[_Pair] = []
    for statement in document["Statement"]:
        if statement["Effect"] != "Allow" or set(statement) - {"Effect", "Action", "Resource", "Sid"}:
            raise ValueError(f"the experiment knows no such statement: {statement}")
        pairs += [_Pair(a, r) for a in _as_list(statement["Action"]) for r in _as_list(statement["Resource"])]
    return pairs


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
