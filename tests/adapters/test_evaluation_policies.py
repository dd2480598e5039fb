"""One suite for every PolicyStore: a version is stored once, and lists have neither gaps nor repeats."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from functions.evaluation.policies.policy_records import (
    Author,
    ListPosition,
    PolicyEntry,
    PolicyKey,
    PolicyRecord,
)
from functions.evaluation.policies.ports import PolicyStore
from functions.evaluation.policies.read_policies import position_of
from functions.evaluation.store.dynamodb_evaluation_policies import DynamoDBEvaluationPolicies
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.evaluation_policies import MemoryEvaluationPolicies

KIM, LEE = Author("kim", "request-1"), Author("lee", "request-2")
# Ids with every character that sorts near the separator of the list's order.
ODD_IDS = ("a", "a+b", "a-b", "a.b", "a0", "a:b", "A", "a@b", "0", "a_b")


@pytest.fixture(params=["memory", "dynamodb"])
def policies(request: pytest.FixtureRequest) -> Iterator[PolicyStore]:
    if request.param == "memory":
        yield MemoryEvaluationPolicies()
        return
    with mock_aws():
        yield DynamoDBEvaluationPolicies(boto3.client("dynamodb"), create_table("policies"))


def record(policy_id: str = "core", version: str = "1", minutes: float = 0, by: Author = KIM) -> PolicyRecord:
    at = START + timedelta(minutes=minutes)
    entry = PolicyEntry(PolicyKey(policy_id, version), f"sha256:{version}", "risk-desk", at, by)
    return PolicyRecord(entry, f'{{"version":"{version}"}}'.encode())


def test_policy_version_is_stored_once_and_returned_whole(policies: PolicyStore) -> None:
    first = record()
    assert policies.get(first.entry.key) is None
    assert policies.put_once(first) == first
    assert policies.put_once(record(minutes=1, by=LEE)) == first
    assert policies.get(first.entry.key) == first
    assert policies.get(PolicyKey("core", "2")) is None


def test_policy_versions_are_listed_by_policy_then_by_time_of_storage(policies: PolicyStore) -> None:
    stored = [record("b", "1", 0), record("a", "2", 1), record("a", "10", 2), record("a", "1", 3)]
    for each in stored:
        policies.put_once(each)
    ordered = [stored[1].entry, stored[2].entry, stored[3].entry, stored[0].entry]
    assert policies.page(None, None, 10) == ordered
    assert policies.page("a", None, 10) == ordered[:3]
    assert policies.page("c", None, 10) == []


def test_list_of_one_policy_has_no_version_of_a_policy_with_a_similar_id(policies: PolicyStore) -> None:
    for policy_id in ODD_IDS:
        policies.put_once(record(policy_id))
    for policy_id in ODD_IDS:
        found = policies.page(policy_id, None, 10)
        assert [each.key.policy_id for each in found] == [policy_id]


def test_policy_pages_have_neither_gaps_nor_repeats(policies: PolicyStore) -> None:
    for policy_id in ODD_IDS:
        for version in ("1", "1-a", "1.1"):
            policies.put_once(record(policy_id, version))
    whole = policies.page(None, None, 100)
    paged: list[PolicyEntry] = []
    after: ListPosition | None = None
    while found := policies.page(None, after, 4):
        paged += found
        after = position_of(found[-1])
    assert len(whole) == 3 * len(ODD_IDS)
    assert paged == whole


def test_policy_rows_never_expire_and_lists_do_not_read_documents() -> None:
    with mock_aws():
        dynamodb, table = boto3.client("dynamodb"), create_table("policies")
        DynamoDBEvaluationPolicies(dynamodb, table).put_once(record())
        (row,) = dynamodb.scan(TableName=table)["Items"]
        (listed,) = dynamodb.scan(TableName=table, IndexName="by_policy")["Items"]
    assert "retain_until" not in row
    assert "document" in row
    assert "document" not in listed


def test_largest_policy_fits_into_a_row() -> None:
    from risk_hub_contracts.base.limits import EVALUATION_POLICY_MAX_BYTES, ID_MAX_CHARS  # noqa: PLC0415

    longest = "a" * ID_MAX_CHARS
    with mock_aws():
        policies = DynamoDBEvaluationPolicies(boto3.client("dynamodb"), create_table("policies"))
        entry = record(longest, longest, by=Author(longest, longest)).entry
        whole = PolicyRecord(entry, b"x" * EVALUATION_POLICY_MAX_BYTES)
        policies.put_once(whole)
        assert policies.get(entry.key) == whole
