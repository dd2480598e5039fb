"""`risk-hub` against the hub's own handlers: its output and exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from infra.ops.operate.cli import operator_app
from risk_hub_client.cli.app import build_app, run
from risk_hub_contracts import __version__
from risk_hub_contracts.blob.write import encode_covariance
from tests.client.conftest import IMPATIENT, as_a_shell_passes
from tests.client.server import Server, status, well
from tests.fakes.gateway import Answer

DOCUMENT = {
    "world_id": "w1",
    "version": "v1",
    "as_of": "2026-01-05T11:59:00Z",
    "weights": {"AAPL": 0.6, "MSFT": 0.4},
    "provenance": {"actor": "gateway", "stage": "paper"},
}

# The hub's handlers run in this process: their metrics and log go to the command's output.
WRITTEN_BY_HANDLERS = ('{"_aws"', '{"level"')


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def command(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", server.token)

    def called(*arguments: object) -> Ended:
        code = run(build_app(), [str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        shown = (line for line in out.splitlines(keepends=True) if not line.startswith(WRITTEN_BY_HANDLERS))
        return Ended(code, "".join(shown), err)

    return called


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "snapshot.json")


def written(file: Path, **fields: Any) -> Path:
    file.write_text(json.dumps(DOCUMENT | fields), encoding="utf-8")
    return file


def test_version_option_prints_the_version_and_calls_no_hub(command: Command, server: Server) -> None:
    ended = command("--version")
    assert (ended.status, ended.out) == (0, f"risk-hub {__version__}\n")
    assert server.seen == []


def test_publish_prints_created_then_replayed(command: Command, file: Path) -> None:
    first, again = command("publish", file), command("publish", file, "--json")
    assert (first.status, first.out[:21]) == (0, "created: w1 v1 sha256")
    assert (again.status, again.json["outcome"]) == (0, "replayed")


def test_publish_dry_run_sends_no_request(command: Command, file: Path, server: Server) -> None:
    ended = command("publish", file, "--dry-run", "--json")
    assert (ended.status, ended.json["outcome"]) == (0, "valid")
    assert server.seen == []
    assert command("publish", file, "--json").json["content_hash"] == ended.json["content_hash"]


def test_publish_options_supply_fields_missing_from_the_file(command: Command, tmp_path: Path) -> None:
    bare = tmp_path / "bare.json"
    bare.write_text(
        json.dumps({k: v for k, v in DOCUMENT.items() if k not in {"world_id", "provenance"}}),
        encoding="utf-8",
    )
    assert command("publish", bare, "--dry-run").err.strip().endswith("names no world: add --world")
    assert command("publish", bare, "--world", "w2", "--dry-run").status == 1
    named = ("--world", "w2", "--actor", "risk-engine", "--stage", "LIVE")
    ended = command("publish", bare, *named, "--json")
    assert ended.json["snapshot"]["provenance"] == {"actor": "risk-engine", "stage": "live"}


def test_publish_sends_the_optional_objects_of_the_file(command: Command, tmp_path: Path) -> None:
    facts = {
        "portfolio": {"nav": 1000.5, "currency": "USD"},
        "realized_returns": {"AAPL": [0.01, 0.02], "MSFT": [0.03, -0.04]},
        "returns_meta": {"frequency": "daily", "dates": ["2025-12-30", "2025-12-31"]},
        "portfolio_returns": {"returns": [0.01]},
        "risk": {"confidences_bps": [9500, 9750]},
    }
    ended = command("publish", written(tmp_path / "facts.json", **facts), "--json")
    assert ended.status == 0, ended.err
    assert {field: ended.json["snapshot"][field] for field in facts} == facts


def test_publish_violation_exits_with_status_1_and_names_the_pointer(
    command: Command, tmp_path: Path, server: Server
) -> None:
    ended = command("publish", written(tmp_path / "bad.json", weights={"AAPL": 0.5}))
    assert ended.status == 1
    assert "/weights" in ended.err
    assert server.posts() == []


def test_publish_conflict_exits_with_status_1_and_prints_the_request_id(command: Command, file: Path) -> None:
    command("publish", file)
    ended = command("publish", written(file, weights={"AAPL": 1.0}), "--json")
    assert ended.status == 1
    assert "[request client-" in ended.json["error"]
    assert ended.json["type"].endswith(":version-conflict")
    assert ended.json["request_id"].startswith("client-")
    assert ended.json["stored_hash"] != ended.json["offered_hash"]


def test_publish_to_a_full_world_exits_with_status_1_and_prints_the_remedy(
    command: Command, file: Path, server: Server
) -> None:
    server.hub.snapshots.full_worlds.add("w1")
    ended = command("publish", file)
    assert (ended.status, len(server.posts())) == (1, 1)
    assert "The world is full: world 'w1' is full" in ended.err
    assert "Do not repeat the request" in ended.err
    details = command("publish", file, "--json").json
    assert (details["type"], details["status"]) == ("urn:risk-hub:problem:world-full", 507)
    assert details["remedy"].startswith("Do not repeat the request")


def test_backfill_stops_at_a_full_world_and_a_second_run_continues(
    command: Command, tmp_path: Path, server: Server
) -> None:
    folder = history(tmp_path, 3)
    server.hub.snapshots.full_worlds.add("w1")
    ended = command("backfill", folder)
    assert (ended.status, len(server.posts())) == (1, 1)
    assert "The world is full" in ended.err
    server.hub.snapshots.full_worlds.clear()
    assert command("backfill", folder, "--json").json["created"] == 3


def test_publish_to_an_unreachable_hub_exits_with_status_3(
    command: Command, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr("risk_hub_client.settings.Patience", lambda: IMPATIENT)
    ended = command("publish", file, "--url", "http://127.0.0.1:1")
    assert (ended.status, "did not answer" in ended.err) == (3, True)


def test_missing_token_error_names_the_environment_variable(
    command: Command, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.delenv("RISK_HUB_TOKEN")
    ended = command("latest", "--world", "w1")
    assert (ended.status, "RISK_HUB_TOKEN is not set" in ended.err) == (2, True)
    assert command("monitor", "--world", "w1").status == 3
    assert file.exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(("latest", "--colour"), 2), (("monitor", "--colour"), 3), (("lookup", "--world", "w1"), 2), ((), 2)],
)
def test_usage_error_exits_with_status_2_or_3_for_monitor(
    command: Command, arguments: tuple[str, ...], expected: int
) -> None:
    ended = command(*arguments, "--json") if arguments else command()
    assert ended.status == expected
    if arguments:
        assert ended.json["error"]
        assert ended.err


def test_publish_json_error_lists_violation_pointers(command: Command, tmp_path: Path) -> None:
    ended = command("publish", written(tmp_path / "bad.json", ttl_sec=0), "--json")
    assert ended.json["type"].endswith(":contract-violation")
    assert [fault["pointer"] for fault in ended.json["errors"]] == ["/ttl_sec"]


def test_read_commands_show_the_published_snapshot(command: Command, file: Path) -> None:
    command("publish", file)
    assert "v1 as of 2026-01-05T11:59:00.000000Z" in command("latest", "--world", "w1").out
    assert command("lookup", "--world", "w1", "--version", "v1", "--json").json["version"] == "v1"
    assert [each["version"] for each in command("list", "--world", "w1", "--json").json] == ["v1"]
    assert "v1" in command("list", "--world", "w1").out
    assert command("contract", "--json").json["contract_version"] == "v1"
    assert command("latest", "--world", "nowhere").status == 1


@pytest.mark.parametrize("listing", [("list", "--world", "w1"), ("signals", "list", "w1")])
@pytest.mark.parametrize("limit", ["0", "-1", "99999999999999999999"])
def test_limit_of_a_list_outside_its_range_is_a_wrong_command_line(
    command: Command, listing: tuple[str, ...], limit: str
) -> None:
    refused = command(*listing, "--limit", limit)
    assert refused.status == 2
    assert "--limit" in refused.err


@pytest.mark.parametrize(
    ("age_seconds", "expected"),
    [(0, (0, "fresh")), (590, (0, "fresh")), (600, (1, "warning")), (1800, (2, "critical"))],
)
def test_monitor_exit_status_depends_on_snapshot_age(
    command: Command, tmp_path: Path, server: Server, age_seconds: int, expected: tuple[int, str]
) -> None:
    as_of = (server.hub.clock() - timedelta(seconds=age_seconds)).isoformat()
    command("publish", written(tmp_path / "aged.json", as_of=as_of, ttl_sec=86400))
    ended = command("monitor", "--world", "w1", "--json")
    assert (ended.status, ended.json[0]["state"]) == expected


def test_monitor_reports_an_expired_snapshot_as_late_not_missing(
    command: Command, tmp_path: Path, server: Server
) -> None:
    command("publish", written(tmp_path / "short.json", as_of=server.hub.clock().isoformat(), ttl_sec=900))
    for age_seconds, expected in ((1000, (1, "warning")), (1900, (2, "critical"))):
        server.hub.clock.advance(seconds=age_seconds if age_seconds == 1000 else 900)
        ended = command("monitor", "--world", "w1", "--json")
        assert (ended.status, ended.json[0]["state"]) == expected
        assert ended.json[0]["lag_seconds"] == pytest.approx(age_seconds, abs=1.5)


@pytest.mark.parametrize(
    ("variable", "text"),
    [("RISK_HUB_URL", "http://[::1"), ("RISK_HUB_TOKEN", "t\u00f6k")],
)
def test_monitor_with_an_invalid_url_or_token_exits_with_status_3(
    command: Command, monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    monkeypatch.setattr("risk_hub_client.settings.Patience", lambda: IMPATIENT)
    monkeypatch.setenv(variable, as_a_shell_passes(text))
    ended = command("monitor", "--world", "w1", "--json")
    assert (ended.status, ended.json[0]["state"], ended.json[0]["reason"] != "") == (3, "error", True)


@pytest.mark.parametrize(
    ("code", "body"), [(200, '{"message": "hi"}'), (200, "[]"), (400, '{"errors": null}')]
)
def test_monitor_exits_with_status_3_on_an_unexpected_response(
    command: Command, server: Server, code: int, body: str
) -> None:
    server.on = ("GET", "/latest")
    server.faults.append(lambda exchange: exchange.send(Answer(code, {}, body)))
    assert command("monitor", "--world", "w1", "--json").status == 3


def test_monitor_rejects_a_non_numeric_threshold(command: Command) -> None:
    assert command("monitor", "--world", "w1", "--warn-seconds", "nan").status == 3


def test_monitor_reports_missing_world_as_critical_and_failure_as_error(
    command: Command, server: Server
) -> None:
    assert command("monitor", "--world", "nowhere").status == 2
    server.on = ("GET", "/latest")
    server.faults.append(status(400))
    ended = command("monitor", "--world", "w1", "--world", "nowhere")
    assert ended.status == 3
    assert "error: w1" in ended.out
    assert "critical: nowhere" in ended.out


def test_blob_upload_prints_a_ref_usable_in_publish(command: Command, tmp_path: Path) -> None:
    blob = tmp_path / "covariance.rsh1"
    blob.write_bytes(encode_covariance(["AAPL", "MSFT"], [0.04, 0.01, 0.09]))
    ref = command("blob", "upload", blob, "--world", "w1", "--actor", "gateway", "--json").json
    ended = command("publish", written(tmp_path / "with-ref.json", covariance_ref=ref), "--json")
    assert ended.json["snapshot"]["covariance_ref"] == ref
    again = command("publish", written(tmp_path / "without.json"), "--covariance", blob, "--json")
    assert again.json["outcome"] == "replayed"


def history(tmp_path: Path, count: int = 5) -> Path:
    folder = tmp_path / "history"
    folder.mkdir()
    for number in reversed(range(count)):
        fields = {
            "version": f"v{number}",
            "as_of": f"2026-01-0{5 - number}T11:00:00Z",
            "hash": "sha256:" + "0" * 64,
        }
        written(folder / f"{number}.json", **fields)
    return folder


def test_interrupted_backfill_resumes_and_skips_published_snapshots(
    command: Command, tmp_path: Path, server: Server
) -> None:
    folder = history(tmp_path)
    server.faults.extend([well, well, status(400), status(401)])
    assert command("backfill", folder).status == 1
    assert [post.path for post in server.posts()] != []
    ended = command("backfill", folder, "--json")
    assert (ended.status, ended.json["skipped"], ended.json["created"]) == (0, 2, 3)
    assert command("backfill", folder, "--json").json["skipped"] == 5
    stored = command("list", "--world", "w1", "--oldest-first", "--json").json
    assert [each["version"] for each in stored] == ["v4", "v3", "v2", "v1", "v0"]
    assert {each["provenance"]["source"] for each in stored} == {"backfill"}


def test_backfill_never_replaces_latest_with_an_older_snapshot(
    command: Command, tmp_path: Path, server: Server
) -> None:
    command("publish", written(tmp_path / "live.json", version="live", ttl_sec=60))
    folder = history(tmp_path, 3)
    assert command("backfill", folder, "--json").json["created"] == 3
    assert command("latest", "--world", "w1", "--json").json["version"] == "live"
    server.hub.clock.advance(hours=1)
    late = tmp_path / "late.json"
    ended = command("backfill", written(late, version="older", as_of="2026-01-04T00:00:00Z"), "--json")
    assert (ended.status, len(ended.json["held"]), ended.json["created"]) == (1, 1, 0)
    assert command("latest", "--world", "w1").status == 1
    assert command("backfill", late, "--even-if-latest").status == 0


def test_backfilled_snapshot_does_not_outlive_a_newer_one_in_the_hub(
    command: Command, tmp_path: Path, server: Server
) -> None:
    command("publish", written(tmp_path / "live.json", version="live", ttl_sec=60))
    old = written(tmp_path / "old.json", version="old", as_of="2020-01-01T00:00:00Z", ttl_sec=86400)
    assert command("backfill", old, "--json").json["created"] == 1
    server.hub.clock.advance(seconds=120)
    assert command("latest", "--world", "w1").status == 1
    ended = command("latest", "--world", "w1", "--include-expired", "--json")
    assert ended.json["version"] == "live"


def test_backfilled_snapshot_does_not_outlive_a_newer_one_of_the_same_run(
    command: Command, tmp_path: Path, server: Server
) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    written(folder / "a.json", version="a", as_of="2020-01-01T00:00:00Z", ttl_sec=86400)
    written(folder / "b.json", version="b", as_of="2020-01-02T00:00:00Z", ttl_sec=60)
    assert command("backfill", folder, "--json").json["created"] == 2
    assert command("latest", "--world", "w1", "--json").json["version"] == "b"
    server.hub.clock.advance(seconds=120)
    assert command("latest", "--world", "w1").status == 1


def test_backfill_is_held_while_the_latest_snapshot_is_about_to_expire(
    command: Command, tmp_path: Path
) -> None:
    command("publish", written(tmp_path / "live.json", version="live", ttl_sec=3))
    old = written(tmp_path / "old.json", version="old", as_of="2020-01-01T00:00:00Z")
    assert len(command("backfill", old, "--json").json["held"]) == 1


def test_backfill_is_held_when_it_would_become_latest_of_one_actor(
    command: Command, tmp_path: Path, server: Server
) -> None:
    command("publish", written(tmp_path / "gateway.json", version="gateway", ttl_sec=60))
    server.hub.clock.advance(hours=1)
    other = {"actor": "risk-engine", "stage": "paper"}
    command(
        "publish",
        written(tmp_path / "other.json", version="other", as_of="2026-01-05T12:30:00Z", provenance=other),
    )
    old = written(tmp_path / "old.json", version="old", as_of="2020-01-01T00:00:00Z")
    assert len(command("backfill", old, "--json").json["held"]) == 1


def test_backfill_journal_applies_to_one_hub_and_one_content(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = history(tmp_path, 1)
    assert command("backfill", folder, "--json").json["created"] == 1
    written(folder / "0.json", version="v0", as_of="2026-01-05T11:00:00Z", weights={"AAPL": 1.0})
    changed = command("backfill", folder, "--json")
    assert (changed.status, len(changed.json["refused"]), changed.json["skipped"]) == (1, 1, 0)
    other = Server()
    monkeypatch.setenv("RISK_HUB_URL", other.url)
    monkeypatch.setenv("RISK_HUB_TOKEN", other.token)
    assert command("backfill", folder, "--json").json["created"] == 1
    other.close()


def test_backfill_repeated_without_its_journal_after_newer_history_is_a_replay(
    command: Command, tmp_path: Path
) -> None:
    first, journal = history(tmp_path, 1), tmp_path / "history.backfill-done"
    assert command("backfill", first, "--json").json["created"] == 1
    written(first / "1.json", version="v1", as_of="2026-01-05T12:00:00Z")
    for created in (1, 0):
        journal.unlink()
        ended = command("backfill", first, "--json")
        assert (ended.status, ended.json["refused"]) == (0, [])
        assert (ended.json["created"], ended.json["replayed"]) == (created, 2 - created)


def test_backfill_of_the_current_folder_writes_its_journal_next_to_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(history(tmp_path, 1))
    assert command("backfill", ".", "--json").json["created"] == 1
    assert (tmp_path / "history.backfill-done").exists()


def test_a_backfill_reads_json_lines(command: Command, tmp_path: Path) -> None:
    lines = tmp_path / "history.jsonl"
    documents = [DOCUMENT | {"version": f"v{number}"} for number in range(3)]
    lines.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    assert command("backfill", lines, "--json").json["created"] == 3


def test_lint_validates_files_without_contacting_the_hub(
    command: Command, file: Path, tmp_path: Path, server: Server
) -> None:
    assert command("lint", file, "--json").json[0]["content_hash"].startswith("sha256:")
    ended = command("lint", file, written(tmp_path / "bad.json", ttl_sec=0))
    assert (ended.status, "/ttl_sec" in ended.out) == (1, True)
    assert server.seen == []


def test_unwritable_journal_stops_backfill_before_any_request(
    command: Command, file: Path, tmp_path: Path, server: Server
) -> None:
    ended = command("backfill", file, "--journal", tmp_path / "absent" / "journal")
    assert ended.status == 1
    assert f"{tmp_path / 'absent' / 'journal'} cannot be used: No such file or directory" in ended.err
    assert server.seen == []


def test_binary_journal_file_is_rejected_and_left_unchanged(
    command: Command, file: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    journal.write_bytes(b"\xff\xfe")
    ended = command("backfill", file, "--journal", journal)
    assert ended.status == 2
    assert "is not a backfill journal" in ended.err
    assert journal.read_bytes() == b"\xff\xfe"


def test_single_violation_is_printed_once(command: Command) -> None:
    ended = command("latest", "--world", "w1", "--stage", "papper")
    assert ended.status == 1
    assert ended.err.count("must be one of") == 1


def test_url_that_includes_the_route_prefix_is_rejected_with_a_hint(command: Command, server: Server) -> None:
    ended = command("latest", "--world", "w1", "--url", f"{server.url}/risk-hub")
    assert ended.status == 1
    assert "Set RISK_HUB_URL to the address without /risk-hub." in ended.err


def test_unreachable_hub_prints_a_single_error_line(file: Path, server: Server) -> None:
    variables = {**os.environ, "RISK_HUB_URL": "http://127.0.0.1:9", "RISK_HUB_TOKEN": server.token}
    program = "import sys; from risk_hub_client.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "publish", str(file)],
        env=variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith("the hub did not answer (ConnectError")


@pytest.mark.parametrize(
    "words",
    [{}, {"COMP_WORDS": "risk-hub la"}, {"COMP_CWORD": "1"}, {"COMP_WORDS": "risk-hub", "COMP_CWORD": "x"}],
)
def test_bash_completion_without_its_words_is_a_usage_error_that_names_the_variable(
    command: Command, monkeypatch: pytest.MonkeyPatch, words: dict[str, str]
) -> None:
    monkeypatch.setenv("_RISK_HUB_COMPLETE", "complete_bash")
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    ended = command()
    assert (ended.status, ended.out) == (2, "")
    assert "Unset _RISK_HUB_COMPLETE to run a command." in ended.err


def test_bash_completion_prints_the_commands_that_begin_with_the_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_RISK_HUB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "risk-hub la")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit) as ended:
        run(build_app(), [])
    assert ended.value.code == 0
    assert capsys.readouterr().out.split() == ["latest"]


def test_every_command_accepts_the_json_option() -> None:
    without = [
        name for name, options in _options(typer.main.get_command(operator_app())) if "--json" not in options
    ]
    assert without == []


def _options(command: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    for name, each in getattr(command, "commands", {}).items():
        yield from _options(each, f"{path} {name}".strip())
    if not getattr(command, "commands", {}):
        yield path, [option for parameter in command.params for option in parameter.opts]
