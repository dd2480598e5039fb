"""Start and stop of the server process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Final

from filelock import lock_descriptor

from infra.errors import LocalStageError
from infra.local import ports
from infra.local.http_call import call
from infra.local.process_environment import process_environment
from infra.local.settings import HOST, REPOSITORY, LocalSettings
from infra.local.stage_record import StageRecord, end_group, process_start, read_record, write_record

START_DEADLINE_SECONDS: Final = 30.0
STOP_DEADLINE_SECONDS: Final = 20.0
POLL_INTERVAL_SECONDS: Final = 0.05


def hold_lock(settings: LocalSettings) -> IO[str]:
    """Take the lock that allows one stage per folder.

    Raises:
        LocalStageError: a stage is running, starting or stopping.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = settings.lock_file.open("a", encoding="ascii")
    if not lock_descriptor(lock.fileno(), blocking=False):
        lock.close()
        raise LocalStageError(_already_running(settings))
    return lock


def _already_running(settings: LocalSettings) -> str:
    record = read_record(settings.record_file)
    if record is None:
        return (
            "Another `make up` is just starting or stopping the local stage. Wait a moment, then try again."
        )
    return (
        f"The local stage is already running: {record.front_url} (process {record.pid}). "
        "Stop it with `make down`."
    )


class StageProcess:
    """A server process started by this program."""

    def __init__(self, process: "subprocess.Popen[bytes]", record: StageRecord) -> None:
        self.process = process
        self.record = record

    @classmethod
    def start(
        cls, settings: LocalSettings, lock: IO[str], fingerprint: str, *, detached: bool
    ) -> "StageProcess":
        """Bind both ports, start the server and wait until it answers.

        Raises:
            LocalStageError: a port is in use, or the server ended before it was ready.
        """
        with contextlib.ExitStack() as stack:
            front = stack.enter_context(ports.listen(settings.front_port, "RISK_HUB_PORT"))
            aws = stack.enter_context(ports.listen(settings.aws_port, "RISK_HUB_AWS_PORT"))
            process = _spawn(settings, (front, aws, lock), fingerprint, detached=detached)
            stage = cls(process, _record(process.pid, ports.port_of(front), ports.port_of(aws)))
        try:
            write_record(settings.record_file, stage.record)
            stage.wait_until_ready(settings.log_file)
        except BaseException:
            stage.stop()
            raise
        return stage

    def wait_until_ready(self, log_file: Path) -> None:
        """Return when the emulator answers."""
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                call("GET", f"{self.record.aws_endpoint}/_ministack/health")
                return
            time.sleep(POLL_INTERVAL_SECONDS)
        raise LocalStageError(f"The emulator did not start. Log: {log_file}\n{last_lines(log_file)}")

    def stop(self) -> None:
        """End the server, wait until it has ended, and end workers that it left."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            end_group(self.process.pid, signal.SIGKILL)
            self.process.wait()
        end_group(self.process.pid, signal.SIGKILL)


def _spawn(
    settings: LocalSettings,
    descriptors: tuple[socket.socket, socket.socket, IO[str]],
    fingerprint: str,
    *,
    detached: bool,
) -> "subprocess.Popen[bytes]":
    front, aws, lock = descriptors
    command = [
        *(sys.executable, "-m", "infra.local.server"),
        *(f"--front-fd={front.fileno()}", f"--aws-fd={aws.fileno()}", f"--aws-port={ports.port_of(aws)}"),
        *(
            f"--target-file={settings.target_file}",
            f"--state={settings.state}",
            f"--saves={settings.saves}",
            f"--fingerprint={fingerprint}",
        ),
        *(f"--alarm-settings={settings.alarm_settings_file}", f"--alarm-journal={settings.alarm_journal}"),
        *(() if detached else ("--with-parent",)),
    ]
    settings.alarms.write(settings.alarm_settings_file)
    with settings.log_file.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=REPOSITORY,
            env=process_environment(settings, ports.port_of(aws)),
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(front.fileno(), aws.fileno(), lock.fileno()),
            start_new_session=True,
        )


def _record(pid: int, front_port: int, aws_port: int) -> StageRecord:
    started = process_start(pid) or ""
    return StageRecord(pid, started, f"http://{HOST}:{front_port}", f"http://{HOST}:{aws_port}")


def stop_recorded(record: StageRecord) -> None:
    """End a stage that another program started, at first with SIGTERM, and then workers that it left."""
    os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_DEADLINE_SECONDS
    while record.is_alive():
        if time.monotonic() > deadline:
            end_group(record.pid, signal.SIGKILL)
        time.sleep(POLL_INTERVAL_SECONDS)
    end_group(record.pid, signal.SIGKILL)


def last_lines(log_file: Path, count: int = 15) -> str:
    """Return the last lines of a log, for diagnosis."""
    return "\n".join(log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
