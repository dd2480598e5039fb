"""End the functions' workers when the local stage stops, before the AWS APIs that they call close.

A worker that runs on would call an address that nothing serves any more, retry for many seconds, and write
tracebacks into the log. An invocation that the stop cuts off does not return: the emulator would count it as
a failed attempt of its event. Its thread waits until the process ends, and the next start delivers the event
again.
"""

import threading
import time
from typing import Any, Final, NoReturn
from weakref import WeakSet

from ministack.core import lambda_runtime

POLL_SECONDS: Final = 0.02
# A worker that ignores SIGTERM is killed by the emulator after two seconds.
END_MAX_SECONDS: Final = 5.0


class WorkerStop:
    """The workers of this process's emulator: counts their invocations, and ends them all once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: WeakSet[Any] = WeakSet()
        self._running_count = 0
        self._stopped = False

    def install(self) -> None:
        """Make the emulator of this process pass every invocation here; call once, before it serves."""
        invoke_now = lambda_runtime.Worker.invoke

        def invoke(worker: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the emulator's own types
            self._begin(worker)
            try:
                return invoke_now(worker, *arguments, **options)
            finally:
                self._end()

        lambda_runtime.Worker.invoke = invoke

    def end_all(self) -> None:
        """End every worker, idle or busy; no invocation begins or returns from now on."""
        with self._lock:
            self._stopped = True
        deadline = time.monotonic() + END_MAX_SECONDS
        while True:
            # An invocation that had just begun may start its process after this search for processes.
            is_last = not self._running_count or time.monotonic() > deadline
            lambda_runtime.kill_workers(list(self._workers))
            if is_last:
                return
            time.sleep(POLL_SECONDS)

    def _begin(self, worker: Any) -> None:  # noqa: ANN401
        with self._lock:
            if not self._stopped:
                self._workers.add(worker)
                self._running_count += 1
                return
        _wait_for_process_end()

    def _end(self) -> None:
        with self._lock:
            self._running_count -= 1
            stopped = self._stopped
        if stopped:
            _wait_for_process_end()


def _wait_for_process_end() -> NoReturn:
    if threading.current_thread() is threading.main_thread():
        raise RuntimeError("The local stage is stopping.")
    while True:
        time.sleep(END_MAX_SECONDS)
