"""Let an updated function finish its running requests, as on AWS.

The emulator ends a function's workers as soon as its code or settings change, also during a request, which is
then answered 502; and a request that is being handed over restarts a worker with the old code, which then
stays. With this module, a busy worker leaves the pool and ends after its request; workers of an older
revision are found a moment later and leave the pool too.

New settings and new code take effect together. The emulator changes only the settings if the code has the same
location in S3; until the code followed, every request would run the old code with the settings of the new one.
"""

import copy
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

Update = Callable[..., Any]

UPDATE_FUNCTIONS: Final = ("_update_code", "_update_config")
# Members of the emulator's record of a function that hold the S3 location of its code.
CODE_LOCATION_MEMBERS: Final = ("s3_object_ref", "code_s3_bucket", "code_s3_key")
POLL_SECONDS: Final = 0.05
# Within this time, a request that was being handed over during the update has its worker.
HAND_OVER_SECONDS: Final = 1.0
# Lambda's own limit for one invocation.
REQUEST_MAX_SECONDS: Final = 900.0

_update_state = threading.local()


def drain_on_updates() -> None:
    """Make the emulator of this process drain workers on updates; call once, before it serves."""
    invalidate_now: Update = lambda_svc.invalidate_worker

    def invalidate(func_name: str, qualifier: str | None = None, **scope: Any) -> None:  # noqa: ANN401
        if getattr(_update_state, "running", False):
            retire(_remove_from_pool(func_name, qualifier))
        else:
            invalidate_now(func_name, qualifier, **scope)

    lambda_svc.invalidate_worker = invalidate
    for name in UPDATE_FUNCTIONS:
        setattr(lambda_svc, name, _with_draining(getattr(lambda_svc, name)))
    lambda_svc._update_code = _without_replaced_location(lambda_svc._update_code)  # noqa: SLF001
    lambda_svc._update_config = _with_current_code(lambda_svc._update_config)  # noqa: SLF001


def retire(workers: list[Any]) -> None:
    """End workers that have left the pool, each after its request."""
    threading.Thread(target=end_when_idle, args=(workers,), daemon=True).start()


def _with_current_code(update_config: Update) -> Update:
    """Return an update of the settings that first updates the code from its location in S3."""

    def updating(name: str, data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
        function = lambda_svc._functions.get(name)  # noqa: SLF001
        location = _code_location(function or {})
        if function is not None and location:
            # A request that is being handed over keeps the settings that belong to its code.
            function["config"] = copy.deepcopy(function["config"])
            lambda_svc._update_code(name, location)  # noqa: SLF001
        return update_config(name, data)

    return updating


def _without_replaced_location(update_code: Update) -> Update:
    """Return an update of the code that removes the recorded S3 location if the code was sent as a zip."""

    def updating(name: str, data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
        answer = update_code(name, data)
        function = lambda_svc._functions.get(name)  # noqa: SLF001
        if function is not None and data.get("ZipFile"):
            for member in CODE_LOCATION_MEMBERS:
                function.pop(member, None)
        return answer

    return updating


def _code_location(function: dict[str, Any]) -> dict[str, str]:
    """Return the S3 location of a function's code; stacks and the Lambda API name it differently."""
    recorded: dict[str, str] = function.get("s3_object_ref") or {}
    if not recorded and function.get("code_s3_key"):
        return {"S3Bucket": function["code_s3_bucket"], "S3Key": function["code_s3_key"]}
    return recorded


def _with_draining(update: Update) -> Update:
    def draining(name: str, data: dict[str, Any]) -> Any:  # noqa: ANN401 - the emulator's own answer
        _update_state.running = True
        try:
            answer = update(name, data)
        finally:
            _update_state.running = False
        threading.Timer(HAND_OVER_SECONDS, retire_stale, (name, lambda_svc._functions.get(name))).start()  # noqa: SLF001
        return answer

    return draining


def _remove_from_pool(func_name: str, qualifier: str | None) -> list[Any]:
    """Remove all workers of a function from the pool and return them."""
    return _take_matching(func_name, lambda key, _: qualifier is None or key.endswith(f":{qualifier}"))


def retire_stale(func_name: str, function: Any) -> None:  # noqa: ANN401 - the emulator's record of a function
    """Retire the workers that were started with an older revision of the function."""
    if function is not None:
        revision = function["config"]["RevisionId"]
        is_stale = lambda key, worker: key.endswith(":$LATEST") and worker.config["RevisionId"] != revision  # noqa: E731
        retire(_take_matching(func_name, is_stale))


def _take_matching(func_name: str, matches: Callable[[str, Any], bool]) -> list[Any]:
    """Remove the matching workers of a function from the pool and return them."""
    taken: list[Any] = []
    with lambda_runtime._lock:  # noqa: SLF001 - the emulator offers no other way
        pools: dict[str, list[Any]] = lambda_runtime._workers  # noqa: SLF001
        for key in [key for key in pools if key.split(":")[2] == func_name]:
            taken += [worker for worker in pools[key] if matches(key, worker)]
            pools[key] = [worker for worker in pools[key] if not matches(key, worker)]
    return taken


def end_when_idle(workers: list[Any]) -> None:
    """End workers one by one, each when it has no request, and all after `REQUEST_MAX_SECONDS`."""
    deadline = time.monotonic() + REQUEST_MAX_SECONDS
    busy = list(workers)
    while busy:
        done = [worker for worker in busy if not worker.in_use or time.monotonic() > deadline]
        lambda_runtime.kill_workers(done)
        busy = [worker for worker in busy if worker not in done]
        time.sleep(POLL_SECONDS)
