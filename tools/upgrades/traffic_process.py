"""The traffic program as a process, with a released contract on its path."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

PROGRAM = Path(__file__).with_name("traffic.py")
REQUESTS_DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.1
# Longer than the timeout of a request.
COMMAND_DEADLINE_SECONDS = 120.0


class Traffic:
    """Requests of a released client while the block runs."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Start the program; the environment names the hub and the client's code."""
        self._lines: list[str] = []
        self._process = subprocess.Popen(
            (sys.executable, PROGRAM),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        """Return this object, whose program already runs."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the program if it still runs."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def wait_for(self, requests: int) -> None:
        """Return when this many further requests were made, or after `REQUESTS_DEADLINE_SECONDS`."""
        wanted, deadline = len(self._lines) + requests, time.monotonic() + REQUESTS_DEADLINE_SECONDS
        while len(self._lines) < wanted and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def pause_producers(self) -> None:
        """Let the producers complete their requests, and stop them; the readers continue."""
        self._send("pause")

    def resume_producers(self) -> None:
        """Start the producers again."""
        self._send("resume")

    def _send(self, command: str) -> None:
        """Send a line to the program, and wait until it has obeyed."""
        assert self._process.stdin is not None
        wanted = self._lines.count(f"{command}\n") + 1
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        deadline = time.monotonic() + COMMAND_DEADLINE_SECONDS
        while self._lines.count(f"{command}\n") < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"the traffic did not obey {command!r} in {COMMAND_DEADLINE_SECONDS:g} seconds"
                )
            time.sleep(POLL_SECONDS)

    def finish(self) -> dict[str, Any]:
        """Let the program finish its current work; return its report."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._reader.join()
        report: dict[str, Any] = json.loads(self._lines[-1])
        return report

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._lines.extend(iter(self._process.stdout.readline, ""))
