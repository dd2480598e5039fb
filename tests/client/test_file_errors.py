"""Errors about a file name the file, and one bad file does not stop a backfill."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from risk_hub_client import InvalidSnapshotError, RiskHubClient
from risk_hub_client.blobs import Blob
from risk_hub_client.loading import load_blob
from risk_hub_contracts.blob.write import encode_covariance, encode_factor, encode_returns
from tests.client.conftest import WORLD
from tests.client.prepared import content_hash
from tests.client.server import Server
from tests.client.test_command_line import DOCUMENT, Command, command, written

__all__ = ["command"]

OTHER_IDS = encode_covariance(["AAPL", "X"], [0.04, 0.01, 0.09])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ttl_sec": 0}, "/ttl_sec"),
        ({"weights": {"AAPL": None}}, "the weight of 'AAPL' (row 0) is missing"),
        (
            {"realized_returns": {"AAPL": [0.1, "x"]}},
            "the return of 'AAPL' (row 1) is 'x', which is not a number",
        ),
        ({"realized_returns": {"AAPL": [0.1], "MSFT": [0.1, 0.2]}}, "not several (AAPL 1, MSFT 2)"),
        ({"as_of": "2026-01-05"}, "2026-01-05 is a day, not an instant"),
    ],
)
def test_publish_names_the_snapshot_file_that_violates_the_contract(
    command: Command, tmp_path: Path, server: Server, fields: dict[str, Any], reason: str
) -> None:
    file = written(tmp_path / "book.json", **fields)
    for options in ((), ("--dry-run",)):
        ended = command("publish", file, *options)
        assert ended.status == 1
        assert ended.err.startswith(f"{file}: ")
        assert reason in ended.err.replace("\n", " ")
    assert server.posts() == []


@pytest.mark.parametrize("text", ["[]", "{", "\ufeff{}", '{"weights": {"A": NaN}}'])
def test_publish_names_a_file_that_is_not_a_snapshot(command: Command, tmp_path: Path, text: str) -> None:
    file = tmp_path / "book.json"
    file.write_text(text, encoding="utf-8")
    ended = command("publish", file, "--world", "w1")
    assert ended.status == 1
    assert ended.err.startswith(f"{file}: ")


def test_backfill_calls_a_line_without_json_a_line(command: Command, tmp_path: Path) -> None:
    lines = tmp_path / "books.jsonl"
    lines.write_text("\nnope\n", encoding="utf-8")
    ended = command("backfill", lines)
    assert f"{lines}:2: The line is not JSON:" in " ".join(ended.err.split())


def test_publish_lists_every_violation_of_the_file(command: Command, tmp_path: Path) -> None:
    file = written(tmp_path / "book.json", ttl_sec=0, weights={"A": "x"}, version=5)
    ended = command("publish", file)
    assert ended.status == 1
    assert all(pointer in ended.err for pointer in ("/ttl_sec: ", "/weights/A: ", "/version: "))


@pytest.mark.parametrize("arguments", [("publish", "--world", "w1"), ("backfill",), ("lint",)])
def test_a_file_without_json_is_called_a_file_and_not_a_body(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    file = tmp_path / "book.json"
    file.write_text("nope", encoding="utf-8")
    ended = command(arguments[0], file, *arguments[1:])
    text = f"{ended.out} {ended.err}"
    assert ended.status == 1
    assert str(file) in text
    assert "The file is not JSON: line 1, column 2" in " ".join(text.split())
    assert "body" not in text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"weights": {"A": NaN,}}', id="NaN and a trailing comma"),
        pytest.param('{"weights": {"A": NaN', id="NaN and a truncated text"),
        pytest.param('{"weights": {"A": ' + "1" * 5000 + "}}", id="5,000 digits"),
        pytest.param('{"weights": ' + '{"A": ' * 2000 + "NaN" + "}" * 2001, id="NaN nested 2,000 deep"),
    ],
)
def test_publish_names_the_file_whose_number_and_syntax_are_both_invalid(
    command: Command, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "book.json"
    file.write_text(text, encoding="utf-8")
    ended = command("publish", file, "--world", "w1")
    assert ended.status == 1
    assert ended.err.startswith(f"{file}: ")


def test_publish_names_the_place_of_a_number_that_json_does_not_have(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "book.json"
    text = (
        '{"weights": {"A": 1.0}, "realized_returns": {"A": [0.1, NaN]}, "stress": {"c": {"loss": -Infinity}}}'
    )
    file.write_text(text, encoding="utf-8")
    ended = command("publish", file, "--world", "w1", "--json")
    pointers = [violation["pointer"] for violation in ended.json["errors"]]
    assert (ended.status, pointers) == (1, ["/realized_returns/A/1", "/stress/c/loss"])
    assert ended.err.startswith(f"{file}: ")
    assert "send null for a missing observation" in ended.json["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("option", "content"),
    [
        ("--covariance", b"no blob"),
        ("--covariance", OTHER_IDS),
        ("--covariance", encode_returns([0.1])),
        ("--realized-returns", OTHER_IDS),
        ("--stress", OTHER_IDS),
    ],
)
def test_publish_names_the_component_file_and_not_the_snapshot_file(
    command: Command, tmp_path: Path, option: str, content: bytes
) -> None:
    book, component = written(tmp_path / "book.json"), tmp_path / "component.rsh1"
    component.write_bytes(content)
    ended = command("publish", book, option, component)
    assert ended.status == 1
    assert ended.err.startswith(f"{component}: ")


@pytest.mark.parametrize("content", [b"no blob", encode_covariance(["A"], [-1.0]), OTHER_IDS[:-8]])
def test_blob_upload_names_the_file_it_refuses(command: Command, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "component.rsh1"
    file.write_bytes(content)
    ended = command("blob", "upload", file, "--world", "w1", "--actor", "gateway")
    assert ended.status == 1
    assert ended.err.startswith(f"{file}: ")


def test_python_errors_about_a_blob_file_name_the_file(client: RiskHubClient, tmp_path: Path) -> None:
    file = tmp_path / "component.rsh1"
    file.write_bytes(OTHER_IDS)
    with pytest.raises(InvalidSnapshotError) as caught:
        client.publish(WORLD, DOCUMENT | {"world_id": WORLD, "covariance": file})
    assert caught.value.file == file
    assert str(caught.value).startswith(f"{file}: ")
    assert caught.value.violations


def test_backfill_publishes_the_readable_files_and_reports_the_others(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    for number in (1, 2):
        written(folder / f"b{number}.json", version=f"v{number}", as_of=f"2026-01-0{number}T11:00:00Z")
    (folder / "a.json").write_text("{", encoding="utf-8")
    (folder / "c.json").mkdir()
    written(folder / "d.json", as_of="2026-01-03")
    (folder / "e.json").write_bytes(b"\xff")
    (folder / "f.json").write_text("[]", encoding="utf-8")
    written(folder / "g.json", world_id=None)
    ended = command("backfill", folder, "--json")
    assert (ended.status, ended.json["created"]) == (1, 2)
    named = [reason.split(": ")[0] for reason in ended.json["unreadable"]]
    assert sorted(named) == [str(folder / f"{name}.json") for name in "acdefg"]
    again = command("backfill", folder)
    assert again.status == 1
    assert "0 created, 0 replayed, 2 already done, 0 held back, 0 refused, 6 unreadable" in again.out
    assert f"{folder / 'd.json'}: /as_of must be an RFC 3339 date-time" in again.err


def test_backfill_reports_the_line_of_a_json_lines_file_that_is_not_a_snapshot(
    command: Command, tmp_path: Path
) -> None:
    lines = tmp_path / "history.jsonl"
    good = [json.dumps(DOCUMENT | {"version": f"v{number}"}) for number in range(2)]
    lines.write_text("\n".join([good[0], "{", good[1]]), encoding="utf-8")
    ended = command("backfill", lines, "--json")
    assert (ended.status, ended.json["created"]) == (1, 2)
    assert ended.json["unreadable"][0].startswith(f"{lines}:2: ")


IDS = ["A", "B"]
UPPER = [0.04, -0.0, 0.09]
NEGATIVE_ZERO = struct.pack("<d", -0.0)


def with_negative_zeros(blob: bytes) -> bytes:
    """Return a blob with -0.0 for each 0.0, as an encoder that is not ours may write it."""
    head, payload = blob[: blob.index(b"\n") + 1], blob[blob.index(b"\n") + 1 :]
    numbers = np.frombuffer(payload, "<f8").copy()
    numbers[numbers == 0] = -0.0
    return head + numbers.tobytes()


@pytest.mark.parametrize("form", ["bytes", "file"])
def test_covariance_blob_with_negative_zero_has_the_content_hash_of_the_inline_one(
    tmp_path: Path, form: str
) -> None:
    blob = with_negative_zeros(encode_covariance(IDS, UPPER))
    assert NEGATIVE_ZERO in blob
    file = tmp_path / "covariance.rsh1"
    file.write_bytes(blob)
    found = content_hash(weights={"A": 0.5, "B": 0.5}, covariance=file if form == "file" else blob)
    inline = {"ids": IDS, "upper": UPPER}
    assert found == content_hash(weights={"A": 0.5, "B": 0.5}, covariance=inline)


@pytest.mark.parametrize(
    "clean",
    [
        encode_covariance([f"N{n:03}" for n in range(600)], np.eye(600)[np.triu_indices(600)].tolist()),
        encode_factor(IDS, [[0.0], [0.1]], [0.0, 0.1]),
        encode_returns({"A": [0.0, 0.1], "B": [0.1, 0.0]}),
    ],
    ids=["covariance", "factor", "returns"],
)
def test_negative_zeros_of_a_blob_are_sent_as_zeros_from_any_offset(tmp_path: Path, clean: bytes) -> None:
    file = tmp_path / "given.rsh1"
    file.write_bytes(with_negative_zeros(clean))
    loaded = load_blob(file, Blob.of_bytes(clean).kind)
    assert loaded.sha256 == Blob.of_bytes(clean).sha256
    for first, size in ((0, len(clean)), (3, 50), (len(clean) // 2 + 1, 17), (len(clean) - 5, 5)):
        assert b"".join(loaded.chunks(first, size)) == clean[first : first + size]


def test_a_blob_without_negative_zeros_is_sent_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "given.rsh1"
    file.write_bytes(OTHER_IDS)
    assert load_blob(file, "covariance") == Blob.of_file(file)
