"""The one long-lived process: the emulator behind two doors on 127.0.0.1.

Started by `infra.local.stage_process` with a scrubbed environment and three inherited descriptors: the two
listening sockets (bound by the parent, so that no other program can take the port in between) and the lock
that marks the stage as running.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import AUTH as POLICIES_ENFORCED
from ministack.app import app as emulator

from infra.local.alarms.desk import AlarmDesk
from infra.local.alarms.journal import Journal
from infra.local.alarms.platform_metrics import RequestMeter
from infra.local.alarms.settings import AlarmSettings
from infra.local.asgi import App, Receive, Scope, Send
from infra.local.copied_checksums import with_copied_checksums
from infra.local.draining import drain_on_updates
from infra.local.emf_bridge import MetricsBridge
from infra.local.front_door import front_door
from infra.local.guard import guarded
from infra.local.hidden_objects import with_hidden_objects
from infra.local.saved_state import mark_clean_stop

KEEP_ALIVE_TIMEOUT_SECONDS = 75
GRACEFUL_TIMEOUT_SECONDS = 1


def doors(aws_port: int, target_file: Path, meter: RequestMeter) -> App:
    """Return one app for both sockets: the port a request arrived at decides which door it met."""
    behind = as_if_by_tls(with_copied_checksums(emulator))
    if POLICIES_ENFORCED:
        behind = with_hidden_objects(behind)
    front = guarded(meter.measured(front_door(behind, target_file)))
    aws = guarded(behind)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await emulator(scope, receive, send)
        elif scope["server"][1] == aws_port:
            await aws(scope, receive, send)
        else:
            await front(scope, receive, send)

    return app


def as_if_by_tls(app: App) -> App:
    """Say that requests came by TLS, as every request does on AWS.

    Policies refuse anything else (aws:SecureTransport); here nothing leaves the loopback interface.
    """

    async def tls_app(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "scheme": "https"}, receive, send)

    return tls_app


def _configuration(descriptors: list[int]) -> Config:
    config = Config()
    config.bind = [f"fd://{descriptor}" for descriptor in descriptors]
    config.keep_alive_timeout = KEEP_ALIVE_TIMEOUT_SECONDS
    config.graceful_timeout = GRACEFUL_TIMEOUT_SECONDS
    config.alpn_protocols = ["http/1.1"]
    return config


def _stop_when_asked(stop: asyncio.Event, *, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), stop.set)


async def run(arguments: argparse.Namespace) -> None:
    """Serve both doors until a signal arrives or, if so asked, the parent process is gone."""
    stop = asyncio.Event()
    _stop_when_asked(stop, with_parent=arguments.with_parent)
    config = _configuration([arguments.aws_fd, arguments.front_fd])
    endpoint = f"http://127.0.0.1:{arguments.aws_port}"
    drain_on_updates()
    desk = AlarmDesk(endpoint, AlarmSettings.read(arguments.alarm_settings), Journal(arguments.alarm_journal))
    bridge = MetricsBridge(endpoint, desk.log.add)
    bridge.start()
    desk.start()
    app = doors(arguments.aws_port, arguments.target_file, desk.meter)
    await serve(app, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]
    desk.stop()
    bridge.stop()
    mark_clean_stop(arguments.state, arguments.fingerprint)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra.local.server")
    parser.add_argument("--aws-fd", type=int, required=True)
    parser.add_argument("--front-fd", type=int, required=True)
    parser.add_argument("--aws-port", type=int, required=True)
    parser.add_argument("--target-file", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--fingerprint", required=True)
    parser.add_argument("--alarm-settings", type=Path, required=True)
    parser.add_argument("--alarm-journal", type=Path, required=True)
    parser.add_argument("--with-parent", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Run the server in the foreground of this process."""
    arguments = _arguments()
    # One line per AWS service at each stop would bury what the functions wrote.
    logging.getLogger("persistence").setLevel(logging.WARNING)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(arguments))
    # Worker threads of the emulator may still wait on functions that are gone by now.
    os._exit(0)


if __name__ == "__main__":
    main()
