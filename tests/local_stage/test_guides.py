"""The commands of the guides, run unchanged against a local stage."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from functions.history.adapters.dynamodb_hot_table import DynamoDBHotTable
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.history.move_snapshots import MoveSnapshots
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from infra.local.bring_up import RunningStage
from infra.local.settings import REPOSITORY, LocalSettings
from infra.names import LOCAL_STAGE, table_name
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.moved import RETENTION
from tests.fakes.runs import draft, validation
from tests.fakes.samples import stored

MOVED_DAY = datetime(2026, 1, 2, tzinfo=UTC)
GUIDES = REPOSITORY / "docs" / "guides"
TRANSCRIPTS = REPOSITORY / "docs"
TRANSCRIPT_HEAD = """# Transcript: {guide}

The commands of [this guide](guides/{guide}) on a fresh local stage, with what each printed.
`make transcript` runs them again and writes this page.

```console
"""
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
EXPECTATION = re.compile(r"^(?P<command>.*?)\s*# expect: (?P<expected>.*)$")


def commands(guide: str) -> list[str]:
    """Return the lines of a guide's shell blocks."""
    return [
        line
        for block in BLOCK.findall((GUIDES / guide).read_text(encoding="utf-8"))
        for line in block.splitlines()
    ]


def expectations(lines: list[str]) -> Iterator[tuple[int, re.Match[str]]]:
    for number, line in enumerate(lines):
        if match := EXPECTATION.match(line):
            yield number, match


def script(lines: list[str], outputs: Path) -> str:
    """Return the lines as one script that keeps the output of each line with an expected output."""
    kept = dict(expectations(lines))
    return "\n".join(
        f"{{ {kept[number]['command']}\n}} > '{outputs}/{number}.out' 2>&1" if number in kept else line
        for number, line in enumerate(lines)
    )


@pytest.fixture(scope="module", autouse=True)
def _moved_world(stage: RunningStage) -> None:
    """Move the snapshots of one past day to history, for the guide of the data set."""
    found = [
        stored(
            f"m{hour:02}",
            world_id="desk",
            as_of=MOVED_DAY + timedelta(hours=hour),
            created_at=MOVED_DAY + timedelta(hours=hour),
            content_hash=f"sha256:{hour:064x}",
            weights={"AAPL": 0.25, "MSFT": 0.75},
        )
        for hour in range(24)
    ]
    dynamodb, s3 = stage.aws.client("dynamodb"), stage.aws.client("s3")
    bucket, table = stage.deployment.outputs["BucketName"], table_name(LOCAL_STAGE, "snapshots")
    bodies = BodyStore(s3, bucket)
    hot = DynamoDBSnapshots(dynamodb, table, bodies)
    # The emulator deletes items whose retention has ended, once a minute.
    keep_until = datetime.now(UTC) + RETENTION
    for each in found:
        hot.put_once(each, keep_until)
    move = MoveSnapshots(
        hot=DynamoDBHotTable(dynamodb, table, bodies),
        index=DynamoDBSegments(dynamodb, table_name(LOCAL_STAGE, "segments")),
        objects=S3Segments(s3, bucket),
        clock=lambda: datetime.now(UTC),
        longest_window=timedelta(days=1),
        settle=timedelta(0),
    )
    assert sum(moved.moved for moved in iter(lambda: move("desk"), None)) == len(found)


@pytest.fixture(scope="module", autouse=True)
def _evaluated_strategy(stage: RunningStage) -> None:
    """Store a run with a later item, for the guide of evaluation runs."""
    store = DynamoDBRuns(stage.aws.client("dynamodb"), table_name(LOCAL_STAGE, "evaluation_runs"))
    key = RunKey("guide", "mean/reversion", "r1")

    def now() -> datetime:
        return datetime.now(UTC)

    CreateRuns(store, now)([draft(key)])
    AppendItem(store, now)(ItemDraft(key, "e1", "worker", validation()))


@pytest.mark.parametrize(
    ("guide", "expected_least"),
    [
        ("api.md", 20),
        ("evaluating.md", 23),
        ("history.md", 12),
        ("operating.md", 11),
        ("moving-decisions.md", 18),
        ("policy-store.md", 13),
        ("publishing.md", 24),
        ("runs.md", 12),
    ],
)
def test_guide_commands_produce_the_documented_output(
    stage: RunningStage, settings: LocalSettings, tmp_path: Path, guide: str, expected_least: int
) -> None:
    lines = commands(guide)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "RISK_HUB_LOCAL_DIR": str(settings.home),
        "RISK_HUB_URL": stage.hub.url,
        "RISK_HUB_TOKEN": stage.hub.token,
    }
    command = ["bash", "-c", script(lines, tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=False, timeout=300)
    checked = list(expectations(lines))
    assert len(checked) >= expected_least
    for number, match in checked:
        output = (tmp_path / f"{number}.out").read_text(encoding="utf-8")
        assert match["expected"].lower() in output.lower(), f"{match['command']}\n{output}"
    if "RISK_HUB_TRANSCRIPT" in os.environ and guide not in {
        "api.md",
        "evaluating.md",
        "moving-decisions.md",
        "policy-store.md",
        "runs.md",
    }:
        write_transcript(guide, lines, tmp_path)


def write_transcript(guide: str, lines: list[str], outputs: Path) -> None:
    """Write the output of each command of a guide; a run's temporary folder gets the name used in the guide."""
    shown = []
    for number, match in expectations(lines):
        output = re.sub(r"/\S*/tmp\.\w+", "$folder", (outputs / f"{number}.out").read_text(encoding="utf-8"))
        shown.append(f"$ {match['command']}\n{output}".rstrip())
    page = TRANSCRIPTS / f"transcript-{guide}"
    page.write_text(TRANSCRIPT_HEAD.format(guide=guide) + "\n\n".join(shown) + "\n```\n", encoding="utf-8")


@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.ko.md")))
def test_both_languages_give_the_same_commands(guide: str) -> None:
    assert commands(guide) == commands(guide.replace(".ko.md", ".md"))
