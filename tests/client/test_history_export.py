"""`risk-hub history export`: formats, verification, and continuation after a kill at any moment."""

import csv
import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from functions.history.segment import digest_of, encode_line
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_client import RiskHubClient
from risk_hub_client.cli.app import HUB_UNAVAILABLE, REFUSED, USAGE, build_app, run
from risk_hub_client.history import export
from risk_hub_client.history.export_state import PartWriter
from risk_hub_client.history.formats import COLUMNS
from risk_hub_contracts.api.history_answers import HistoryRow
from tests.client.server import Server, answering, status
from tests.fakes.moved import move, segments_of
from tests.fakes.samples import WORLD, series

HASH = "sha256:" + "ef" * 32
PERIOD = ("--from", "2026-01-01", "--to", "2026-12-31")
Command = Callable[..., int]


class KilledError(BaseException):
    """The process ends here; only what the operating system was given remains."""


@pytest.fixture
def snapshots(server: Server) -> list[SnapshotRecord]:
    """Snapshots of four days, of which the last ones are still hot."""
    fields: dict[str, Any] = {"weights": {"AAPL": 0.25, 'é,"': 0.75}, "constraints": {"x": 1e-17}}
    found = [
        each.sized(len(encode_line(each)))
        for each in series(120, step=timedelta(minutes=37), content_hash=HASH, **fields)
    ]
    server.hub.snapshots.rows.update({(each.world_id, each.version): each for each in found})
    for each in segments_of(found[:90], 11):
        move(server.hub.snapshots, server.hub.segments, each)
    return found


@pytest.fixture
def command(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", server.token)
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str, world: str = WORLD) -> int:
        return run(build_app(), ["history", "export", "--world", world, *PERIOD, *arguments])

    return called


def lines(found: list[SnapshotRecord]) -> list[Any]:
    return [json.loads(encode_line(each)) for each in found]


def read_lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_export_writes_every_snapshot_once_and_prints_count_and_digest(
    command: Command, snapshots: list[SnapshotRecord], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--out", "h.jsonl") == 0
    assert read_lines(tmp_path / "h.jsonl") == lines(snapshots)
    assert f"h.jsonl: 120 snapshots, digest {digest_of(snapshots)}\n" in capsys.readouterr().out
    assert names(tmp_path) == ["h.jsonl"]


def test_export_prints_one_json_document_if_asked(
    command: Command, snapshots: list[SnapshotRecord], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--out", "h.jsonl", "--json") == 0
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index('{\n  "out"') :]) == {
        "out": "h.jsonl",
        "format": "jsonl",
        "count": 120,
        "digest": digest_of(snapshots),
    }


def test_export_is_the_same_before_and_after_the_snapshots_move(
    command: Command, server: Server, snapshots: list[SnapshotRecord], tmp_path: Path
) -> None:
    assert command("--out", "before.csv", "--format", "csv") == 0
    for each in segments_of(snapshots[90:-1], 9):
        move(server.hub.snapshots, server.hub.segments, each)
    assert command("--out", "after.csv", "--format", "csv") == 0
    assert (tmp_path / "before.csv").read_bytes() == (tmp_path / "after.csv").read_bytes()


def test_csv_has_a_column_for_each_member_and_the_document_as_json(
    command: Command, snapshots: list[SnapshotRecord], tmp_path: Path
) -> None:
    assert command("--out", "h.csv", "--format", "csv") == 0
    table = list(csv.DictReader(io.StringIO((tmp_path / "h.csv").read_text(encoding="utf-8"))))
    wanted = [
        {
            **{name: "" if value is None else str(value) for name, value in row.items()},
            "document": row["document"],
        }
        for row in lines(snapshots)
    ]
    assert [{**row, "document": json.loads(row["document"])} for row in table] == wanted


def test_parquet_has_typed_columns_and_the_weights_as_a_map(
    command: Command, snapshots: list[SnapshotRecord], tmp_path: Path
) -> None:
    assert command("--out", "it's.parquet", "--format", "parquet") == 0
    assert names(tmp_path) == ["it's.parquet"]
    with duckdb.connect() as database:
        found = database.read_parquet(str(tmp_path / "it's.parquet"))
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        assert types == {**COLUMNS, "weights": "MAP(VARCHAR, DOUBLE)"}
        rows = found.project("version, as_of, document, weights").fetchall()
    assert [row[0] for row in rows] == [each.version for each in snapshots]
    assert [row[1] for row in rows] == [each.as_of for each in snapshots]
    assert json.loads(rows[0][2]) == snapshots[0].document
    assert rows[0][3] == {"AAPL": 0.25, 'é,"': 0.75}


def test_columns_of_an_export_are_the_members_of_a_row() -> None:
    assert list(COLUMNS) == list(HistoryRow.__annotations__)


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[None]:
    """Let the process end before its n-th operation on a file."""
    left = [step]

    def before(operation: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise KilledError
            return operation(*arguments, **options)

        return counted

    with monkeypatch.context() as patch:
        for owner, name in (
            *((os, each) for each in ("fsync",)),
            *((Path, each) for each in ("replace", "unlink", "open")),
            *((PartWriter, each) for each in ("write",)),
            (export, "write_parquet"),
        ):
            patch.setattr(owner, name, before(getattr(owner, name)))
        yield


@pytest.mark.parametrize("format_", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.usefixtures("snapshots")
def test_export_killed_before_any_operations_on_files_continues_without_a_doubled_or_missing_line(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format_: str,
    seed: int,
) -> None:
    monkeypatch.setattr(PartWriter, "CHECKPOINT_BYTES", 1)
    assert command("--out", "whole", "--format", format_) == 0
    chance, kills = random.Random(seed), 0
    arguments = ("--out", "pieces", "--format", format_)
    while not (tmp_path / "pieces").exists() or (tmp_path / "pieces.state").exists():
        # A batch has 11 lines: some runs end before they have recorded anything.
        step = chance.choice((chance.randrange(1, 12), chance.randrange(12, 60)))
        kills += 1
        with killed_at(monkeypatch, step), suppress(KilledError):
            assert command(*arguments) == 0
            kills -= 1
    assert kills > 3
    assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()
    assert names(tmp_path) == ["pieces", "whole"]


@pytest.mark.parametrize("step", range(1, 40))
def test_export_killed_at_each_of_its_last_steps_is_finished_by_the_next_run(
    command: Command,
    snapshots: list[SnapshotRecord],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
) -> None:
    """The lines are few, so that these steps are all steps of an export."""
    monkeypatch.setattr(PartWriter, "CHECKPOINT_BYTES", 1)
    period = ("--from", "2026-01-05", "--to", "2026-01-05", "--out", "few.parquet", "--format", "parquet")
    with killed_at(monkeypatch, step), suppress(KilledError):
        command(*period)
    if not (tmp_path / "few.parquet").exists() or (tmp_path / "few.parquet.state").exists():
        assert command(*period) == 0
    with duckdb.connect() as database:
        rows = database.read_parquet(str(tmp_path / "few.parquet")).project("version").fetchall()
    assert [row[0] for row in rows] == [each.version for each in snapshots if each.as_of.day == 5]
    assert names(tmp_path) == ["few.parquet"]


EXPORT_WITH_FREQUENT_STATES = """
import sys
from risk_hub_client.history.export_state import PartWriter
from risk_hub_client.cli.app import main
PartWriter.CHECKPOINT_BYTES = 1
main()
"""


def test_export_process_killed_by_a_signal_continues_without_a_doubled_or_missing_line(
    server: Server, snapshots: list[SnapshotRecord], tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "RISK_HUB_URL": server.url,
        "RISK_HUB_TOKEN": server.token,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    arguments = ["history", "export", "--world", WORLD, *PERIOD, "--out", str(tmp_path / "h.jsonl")]
    kills, state = 0, tmp_path / "h.jsonl.state"
    while True:
        sizes = seen_size(state)
        process = subprocess.Popen(
            [sys.executable, "-c", EXPORT_WITH_FREQUENT_STATES, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        # Killed as soon as it has made progress, so that the runs differ in where they end.
        while process.poll() is None and seen_size(state) <= sizes and kills < 3:
            pass
        if kills < 3:
            process.send_signal(signal.SIGKILL)
            kills += 1
        if process.wait() == 0:
            break
    assert read_lines(tmp_path / "h.jsonl") == lines(snapshots)
    assert names(tmp_path) == ["h.jsonl"]


def seen_size(state: Path) -> int:
    try:
        return int(json.loads(state.read_text(encoding="utf-8"))["part_bytes"])
    except FileNotFoundError:
        return -1


def test_export_continues_after_the_hub_was_unavailable(
    command: Command,
    server: Server,
    snapshots: list[SnapshotRecord],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PartWriter, "CHECKPOINT_BYTES", 1)
    server.on = ("GET", ".jsonl.gz")
    served = server.faults
    served.extend([lambda exchange: exchange.send(exchange.commit())] * 3)
    served.extend([status(503, {"Retry-After": "3600"})])
    assert command("--out", "h.jsonl") == HUB_UNAVAILABLE
    assert names(tmp_path) == ["h.jsonl.part", "h.jsonl.state"]
    requested = len(server.seen)
    assert command("--out", "h.jsonl") == 0
    assert read_lines(tmp_path / "h.jsonl") == lines(snapshots)
    again = [seen.path for seen in server.seen[requested:] if "/store/" in seen.path]
    assert len(again) < len(segments_of(snapshots[:90], 11))


@pytest.mark.usefixtures("snapshots")
def test_export_stops_at_a_damaged_segment(
    command: Command, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on = ("GET", ".jsonl.gz")
    server.faults.append(answering(200, "x"))
    assert command("--out", "h.jsonl") == REFUSED
    assert "1 byte with the sha256" in capsys.readouterr().err


@pytest.mark.usefixtures("snapshots")
def test_full_disk_is_reported_with_its_file_and_the_export_continues_later(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(PartWriter, "write", refuse)
        assert command("--out", "h.jsonl") == REFUSED
    assert "h.jsonl.part cannot be used: No space left on device" in capsys.readouterr().err
    assert command("--out", "h.jsonl") == 0
    assert len(read_lines(tmp_path / "h.jsonl")) == 120


@pytest.mark.usefixtures("snapshots")
def test_failed_conversion_is_reported_and_repeated_by_the_next_run(
    command: Command, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "h.parquet.converted").mkdir()
    assert command("--out", "h.parquet", "--format", "parquet") == REFUSED
    assert "DuckDB cannot convert h.parquet.part to h.parquet.converted" in capsys.readouterr().err
    (tmp_path / "h.parquet.converted").rmdir()
    requested = len(server.seen)
    assert command("--out", "h.parquet", "--format", "parquet") == 0
    assert not [seen for seen in server.seen[requested:] if "/history" in seen.path]
    assert names(tmp_path) == ["h.parquet"]


@pytest.mark.usefixtures("snapshots")
def test_progress_rises_to_the_share_of_the_period_and_shows_count_and_day(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[float, str]] = []

    @contextmanager
    def recording(label: str, total: float, *, quiet: bool) -> Iterator[Any]:
        assert (label, total, quiet) == ("h.jsonl", 1.0, False)
        yield SimpleNamespace(show=lambda completed, text: shown.append((completed, text)))

    monkeypatch.setattr("risk_hub_client.cli.history_commands.progress_bar", recording)
    assert command("--from", "2026-01-05", "--to", "2026-01-08", "--out", "h.jsonl") == 0
    fractions = [completed for completed, _ in shown]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] <= 1
    assert fractions[-1] == pytest.approx(0.89, abs=0.01)
    assert shown[-1][1] == "120 snapshots, 2026-01-08"


@pytest.mark.usefixtures("snapshots")
def test_export_never_replaces_a_file(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("h.jsonl", "other.jsonl.part"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
        assert command("--out", name.removesuffix(".part")) == REFUSED
        assert f"{name} exists and no export of it is unfinished: delete it" in capsys.readouterr().err
        assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("snapshots")
def test_state_of_another_export_is_refused_with_the_command_to_repeat(
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with killed_at(monkeypatch, 30), pytest.raises(KilledError):
        command("--out", "h")
    for other in (("--format", "csv"), ("--to", "2026-01-06")):
        assert command("--out", "h", *other) == REFUSED
        assert "h.state belongs to the export of world w1 from 2026-01-01T00" in capsys.readouterr().err
    assert command("--out", "h") == 0


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"request": {}}', '{"request": 1}'])
@pytest.mark.usefixtures("snapshots")
def test_unreadable_state_is_refused(
    command: Command,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: str,
) -> None:
    (tmp_path / "h.state").write_text(damage, encoding="utf-8")
    assert command("--out", "h") == REFUSED
    assert "h.state is not the state of an export" in capsys.readouterr().err


@pytest.mark.usefixtures("snapshots")
def test_part_file_that_lost_lines_is_refused(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(PartWriter, "CHECKPOINT_BYTES", 1)
    with killed_at(monkeypatch, 150), pytest.raises(KilledError):
        command("--out", "h")
    (tmp_path / "h.part").write_bytes(b"{}\n")
    assert command("--out", "h") == REFUSED
    assert "h.part is shorter than its state says" in capsys.readouterr().err


def test_second_process_that_writes_the_same_file_is_refused(
    command: Command,
    server: Server,
    snapshots: list[SnapshotRecord],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found: list[int] = []
    answer = server.answer

    def meanwhile(*request: Any) -> Any:
        if "/store/" in request[0].path and not found:
            found.append(-1)
            found[0] = command("--out", "h.jsonl")
        return answer(*request)

    monkeypatch.setattr(server, "answer", meanwhile)
    assert command("--out", "h.jsonl") == 0
    assert found == [REFUSED]
    assert "another process is writing h.jsonl.part" in capsys.readouterr().err
    assert read_lines(Path("h.jsonl")) == lines(snapshots)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--from", "2026-02-01", "--to", "2026-01-01"), "--from is later than --to"),
        (
            ("--from", "yesterday"),
            "--from 'yesterday': give a day (2026-01-05, in UTC) or an instant with a time",
        ),
        (
            ("--from", "2026-01-05T00:00:00"),
            "--from '2026-01-05T00:00:00': give a day (2026-01-05, in UTC) or an instant with a time zone",
        ),
        (("--to", "0001-01-01T00:00:00+09:00"), "--to '0001-01-01T00:00:00+09:00': give a day"),
        (("--format", "xml"), "xml"),
    ],
)
def test_invalid_option_of_an_export_sends_no_request(
    command: Command,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    text: str,
) -> None:
    assert command("--out", "h", *arguments) == USAGE
    assert text in " ".join(capsys.readouterr().err.split())
    assert server.seen == []
    assert names(Path()) == []


def test_parquet_without_duckdb_is_refused_before_the_export(
    command: Command,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.setattr("risk_hub_client.cli.history_commands.find_spec", lambda _: None)
    assert command("--out", "h", "--format", "parquet") == REFUSED
    assert "install the extra `parquet`, or choose --format jsonl or csv" in capsys.readouterr().err
    assert server.seen == []


def test_export_of_an_unknown_world_names_existing_worlds(
    command: Command, snapshots: list[SnapshotRecord], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert snapshots
    assert command("--out", "h.jsonl", world="us21") == REFUSED
    assert "World 'us21' has no snapshot." in capsys.readouterr().err
    assert names(tmp_path) == []


@pytest.mark.usefixtures("snapshots")
def test_export_of_a_period_without_snapshots_is_an_empty_file(
    command: Command, tmp_path: Path, client: RiskHubClient
) -> None:
    assert command("--from", "2020-01-01", "--to", "2020-01-02", "--out", "h.jsonl") == 0
    assert (tmp_path / "h.jsonl").read_bytes() == b""
    assert list(client.history(WORLD, "2020-01-01", "2020-01-02")) == []
