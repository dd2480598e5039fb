"""Evaluation runs on the local stage: lists, histories, anchors, and changes that the verification finds."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.adapters.run_rows import head_row, item_row, row_key, sequence_text
from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.runs.run_head import RunHead
from infra import names
from infra.local.bring_up import RunningStage
from infra.ops.operate import cli, stage_access
from risk_hub_contracts.runs.fold import fold
from risk_hub_contracts.runs.run_item import SealedItem
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.calls import call
from tests.fakes.runs import draft, validation
from tests.local_stage import test_evaluation_policies as policies
from tests.local_stage.caller import new_world

tokens = policies.tokens
ODD = "mean/reversion #1 모멘텀 100%"
STRATEGIES = ("whole", "changed", "cut", ODD)


def now() -> datetime:
    return datetime.now(tz=UTC)


class Runs:
    """Runs of a new world, three items each, with an anchor that covers them."""

    def __init__(self, stage: RunningStage) -> None:
        self.stage, self.world = stage, new_world()
        self.table = names.table_name("local", "evaluation_runs")
        self.dynamodb = stage.aws.client("dynamodb")
        self.store = DynamoDBRuns(self.dynamodb, self.table)
        CreateRuns(self.store, now)([draft(self.key(each)) for each in STRATEGIES])
        for strategy in STRATEGIES:
            for name in ("cohort", "stress"):
                item = ItemDraft(self.key(strategy), name, "worker", validation(name))
                AppendItem(self.store, now)(item)

    def key(self, strategy: str) -> RunKey:
        return RunKey(self.world, strategy, "r1")

    def anchor(self) -> dict[str, int]:
        client = self.stage.aws.client("lambda")
        answer = client.invoke(FunctionName=names.physical_name("local", "anchor_keeper"), Payload=b"{}")
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document
        anchored: dict[str, int] = document["anchored"]
        return anchored

    def items(self, strategy: str) -> list[SealedItem]:
        return load_run(self.store, self.key(strategy))[0]

    def change_a_byte(self, strategy: str) -> None:
        """Replace one character of the second item; its stored digest stays."""
        item = self.items(strategy)[1]
        changed = item.data.replace(b'"pass"', b'"past"', 1)
        assert changed != item.data
        row = item_row(SealedItem(item.item, changed, item.sha256))
        self.dynamodb.put_item(TableName=self.table, Item=row)

    def cut_the_tail(self, strategy: str) -> None:
        """Remove the last item, and let the list entry state the one before, as a forger with all grants could."""
        kept = self.items(strategy)[:-1]
        last = row_key(self.key(strategy), sequence_text(len(kept) + 1))
        self.dynamodb.delete_item(TableName=self.table, Key=last)
        self.dynamodb.put_item(TableName=self.table, Item=head_row(RunHead.of(fold(kept))))


@pytest.fixture(scope="module")
def runs(stage: RunningStage) -> Runs:
    made = Runs(stage)
    (anchored,) = made.anchor().values()
    assert anchored >= len(STRATEGIES)
    return made


@pytest.fixture
def verify(stage: RunningStage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(stage_access, "clients_for", lambda _: stage.aws)

    def command(*arguments: str, status: int = 0) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            raise SystemExit(cli.main(["runs", "verify", *arguments]))
        out = capsys.readouterr().out
        assert ended.value.code == status, out
        return out

    return command


def test_runs_are_listed_and_read_through_the_api(
    stage: RunningStage, runs: Runs, tokens: dict[str, str]
) -> None:
    policies.wait_until_accepted(stage, tokens.values())
    headers = {"Authorization": f"Bearer {tokens['kim']}"}

    def get(path: str, **query: str) -> Any:
        url = f"{stage.hub.url}/risk-hub/worlds/{runs.world}/evaluation-runs{path}"
        answer = call("GET", f"{url}?{urlencode(query, quote_via=quote)}", headers)
        assert answer.status == 200, answer.body
        return answer.document()

    first = get("", limit="3", order="asc")
    rest = get("", limit="3", order="asc", cursor=first["next_cursor"])
    listed = [each["strategy_id"] for each in [*first["runs"], *rest["runs"]]]
    assert sorted(listed) == sorted(STRATEGIES)
    (entry,) = get("", strategy_id=ODD, status="pass")["runs"]
    record = get("/r1", strategy_id=ODD)
    history = get("/r1/history", strategy_id=ODD)
    assert (record["sequence"], record["sha256"]) == (3, entry["sha256"])
    expected = [item.sha256 for item in runs.items(ODD)]
    assert [each["sha256"] for each in history["items"]] == expected


def test_verification_of_untouched_runs_exits_0(runs: Runs, verify: Any) -> None:
    for narrowed in ((ODD,), (ODD, "r1"), ("whole",)):
        found = json.loads(verify(runs.world, *narrowed, "--json"))
        assert (found["broken_count"], found["runs"], found["items"]) == (0, 1, 3)
        assert found["anchors"] >= 1
    assert "no broken links" in verify(runs.world, "whole", "r1")


def test_a_changed_byte_of_the_table_is_named_and_exits_1(runs: Runs, verify: Any) -> None:
    runs.change_a_byte("changed")
    out = verify(runs.world, "changed", status=1)
    assert f"{runs.key('changed').text}, 2: item_changed" in out
    assert runs.key("changed").text in verify(runs.world, status=1)


def test_a_cut_tail_is_found_by_the_anchor_and_exits_1(runs: Runs, verify: Any) -> None:
    runs.cut_the_tail("cut")
    out = verify(runs.world, "cut", "r1", status=1)
    assert f"{runs.key('cut').text}, 3: tail_cut" in out
    assert "the anchor " in out
    verify(runs.world, "whole", "r1")


def test_a_second_invocation_in_the_same_hour_anchors_nothing(runs: Runs) -> None:
    first = runs.anchor()
    assert not first.keys() & runs.anchor().keys()


def test_an_anchor_cannot_be_deleted_before_its_lock_ends(stage: RunningStage, runs: Runs) -> None:
    assert runs.world
    s3, bucket = stage.aws.client("s3"), stage.deployment.outputs["AnchorBucketName"]
    versions = s3.list_object_versions(Bucket=bucket, Prefix=names.ANCHOR_PREFIX)["Versions"]
    assert versions
    for each in versions:
        with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key=each["Key"], VersionId=each["VersionId"])
