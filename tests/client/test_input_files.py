"""A command never waits for a named pipe or a device; it reads regular files, stdin and pipes of the shell."""

import errno
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from risk_hub_client.blobs import Blob
from risk_hub_client.cli import input_files
from risk_hub_client.regular_files import NotARegularFileError
from tests.client.server import Server
from tests.client.test_command_line import DOCUMENT, Command, command, written

__all__ = ["command"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
# Linux opens this file and refuses to read its first byte.
UNREADABLE = Path("/proc/self/mem")
END_MAX_SECONDS = 20


def fifo(folder: Path, name: str = "waits.json") -> Path:
    os.mkfifo(folder / name)
    return folder / name


def listening_socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(folder / "s.json"))
    return folder / "s.json"


KINDS: dict[str, Callable[[Path], Path]] = {
    "a pipe": fifo,
    "a device": lambda _: Path("/dev/zero"),
    "a socket": listening_socket,
}


@pytest.fixture
def short_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder reached by a short path: the path of a socket may have about 100 bytes."""
    monkeypatch.chdir(tmp_path)
    return Path()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "arguments",
    [
        ("publish", "{path}"),
        ("publish", "{path}", "--dry-run"),
        ("publish", "{good}", "--dry-run", "--covariance", "{path}"),
        ("publish", "{good}", "--stress", "{path}"),
        ("lint", "{path}"),
        ("lint", "{good}", "{path}"),
        ("blob", "upload", "{path}", "--world", "w1", "--actor", "gateway"),
        ("backfill", "{path}"),
        ("worlds", "policy", "w1", "--stage", "paper", "--put", "{path}"),
    ],
    ids=" ".join,
)
def test_commands_refuse_a_path_that_is_not_a_regular_file_at_once(
    command: Command, server: Server, short_folder: Path, kind: str, arguments: tuple[str, ...]
) -> None:
    path, good = KINDS[kind](short_folder), written(short_folder / "good.json")
    ended = command(*(argument.format(path=path, good=good) for argument in arguments))
    assert ended.status in {1, 2}
    assert f"{path} is {kind}, not a regular file" in " ".join(ended.err.replace("│", " ").split())
    assert server.posts() == []


def test_backfill_reports_a_named_pipe_in_a_folder_and_publishes_the_others(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    written(folder / "a.json")
    path = fifo(folder)
    ended = command("backfill", folder, "--even-if-latest", "--json")
    assert (ended.status, ended.json["created"]) == (1, 1)
    assert ended.json["unreadable"] == [f"{path}: cannot be read: is a pipe, not a regular file"]


def test_backfill_refuses_a_journal_that_is_a_named_pipe(command: Command, tmp_path: Path) -> None:
    path = fifo(tmp_path, "journal")
    ended = command("backfill", written(tmp_path / "a.json"), "--journal", path)
    assert ended.status == 1
    assert "is a pipe, not a regular file" in " ".join(ended.err.split())


def test_backfill_refuses_a_journal_that_is_a_device_without_reading_it(
    command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    path.symlink_to("/dev/zero")
    ended = command("backfill", written(tmp_path / "a.json"), "--journal", path)
    assert ended.status == 1
    assert "is a device, not a regular file" in " ".join(ended.err.split())


def test_backfill_keeps_no_journal_if_it_is_the_null_device(command: Command, tmp_path: Path) -> None:
    ended = command("backfill", written(tmp_path / "a.json"), "--journal", os.devnull, "--json")
    assert (ended.status, ended.json["created"]) == (0, 1)


def test_library_refuses_a_blob_in_a_named_pipe(tmp_path: Path) -> None:
    path = fifo(tmp_path)
    with pytest.raises(NotARegularFileError, match=r"waits\.json is a pipe, not a regular file"):
        Blob.of_file(path)


@pytest.mark.parametrize("arguments", [("lint", "-"), ("publish", "-", "--dry-run"), ("publish", "-")])
def test_dash_reads_the_snapshot_from_standard_input(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    text = io.BytesIO(json.dumps(DOCUMENT).encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(text))
    ended = command(*arguments)
    assert ended.status == 0
    if arguments[0] == "lint":
        assert ended.out.startswith("stdin: conforms to the contract")


def test_error_of_a_snapshot_from_standard_input_names_stdin(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in (("publish", "-"), ("lint", "-")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[")))
        ended = command(*arguments)
        assert ended.status == 1
        assert (ended.err + ended.out).startswith("stdin: ")


@pytest.mark.parametrize(
    "line",
    ["lint <(cat $FILE)", "cat $FILE | $RISK_HUB lint /dev/stdin", "$RISK_HUB lint - < $FILE"],
)
def test_process_substitution_and_piped_input_are_read_to_their_end(tmp_path: Path, line: str) -> None:
    program = f"{sys.executable} -c 'from risk_hub_client.cli.app import main; main()'"
    command_line = line.replace("$RISK_HUB", program) if "$RISK_HUB" in line else f"{program} {line}"
    environment = {**os.environ, "FILE": str(written(tmp_path / "book.json"))}
    ended = subprocess.run(
        ["/bin/bash", "-c", command_line],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=END_MAX_SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "conforms to the contract" in ended.stdout


def test_closed_standard_input_and_a_failed_read_are_one_sentence_that_names_the_input(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert command("lint", "-").err.startswith("stdin cannot be used: it is closed")

    def broken(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    file = written(tmp_path / "book.json")
    monkeypatch.setattr(Path, "read_bytes", broken)
    ended = command("lint", file)
    assert (ended.status, ended.err.replace("\n", " ").startswith(f"{file} cannot be used")) == (1, True)


@pytest.mark.skipif(not UNREADABLE.exists(), reason="the platform has no file that opens and cannot be read")
def test_failed_read_of_a_blob_file_is_one_sentence_that_names_the_file(
    command: Command, tmp_path: Path
) -> None:
    ended = command("publish", written(tmp_path / "book.json"), "--dry-run", "--stress", UNREADABLE)
    assert ended.status == 1
    assert f"{UNREADABLE} cannot be used: " in " ".join(ended.err.split())


def test_file_longer_than_its_limit_is_refused_before_it_is_read(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    with file.open("wb") as opened:
        opened.truncate(input_files.FILE_MAX_BYTES + 1)
    ended = command("publish", file, "--dry-run")
    assert ended.status == 1
    assert "it has more than 2,147,483,648 bytes" in " ".join(ended.err.split())


def test_stream_longer_than_its_limit_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_files, "STREAM_MAX_BYTES", 10)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[" * 11)))
    ended = command("lint", "-")
    assert ended.status == 1
    assert "stdin cannot be used: it has more than 10 bytes" in " ".join(ended.err.split())
