"""The long-lived server process: the emulator behind two servers on 127.0.0.1.

The AWS server is served by hypercorn, the front server by `front_server`, which parses requests strictly.

`infra.local.stage_process` starts it with a minimal environment and three inherited descriptors: the two
listening sockets (bound by the parent, so that no other program can take the port in between) and the lock
that marks the stage as running.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import AUTH as POLICIES_ENFORCED
from ministack.app import app as emulator

from infra.local.alarms.journal import Journal
from infra.local.alarms.platform_metrics import RequestMeter
from infra.local.alarms.runner import AlarmRunner
from infra.local.alarms.settings import AlarmSettings
from infra.local.api_proxy import api_proxy
from infra.local.asgi import App, Receive, Scope, Send
from infra.local.assembly import read_assembly
from infra.local.copy_checksums import with_copy_checksums
from infra.local.draining import drain_on_updates
from infra.local.emf_bridge import MetricsBridge
from infra.local.front_server import front_server
from infra.local.gateway_responses import GatewayResponses, with_gateway_responses
from infra.local.guard import with_local_guard
from infra.local.hidden_objects import with_hidden_objects
from infra.local.index_fetch import fetch_through_local_indexes
from infra.local.saving import StateSaver
from infra.local.state_capture import capture
from infra.local.worker_stop import WorkerStop

KEEP_ALIVE_TIMEOUT_SECONDS = 75
GRACEFUL_TIMEOUT_SECONDS = 1
FAILED = 1


def emulator_app() -> App:
    """Return the emulator with the features that it lacks."""
    backend = with_tls_scheme(with_copy_checksums(emulator))
    return with_hidden_objects(backend) if POLICIES_ENFORCED else backend


def front_app(backend: App, target_file: Path, meter: RequestMeter, responses: GatewayResponses) -> App:
    """Return the application of the front server: the hub's API, or a problem document."""
    return with_local_guard(
        meter.with_metering(with_gateway_responses(api_proxy(backend, target_file), responses))
    )


def aws_app(backend: App, saver: StateSaver) -> App:
    """Return the application of the AWS server, with the emulator's own start and stop."""
    guarded_aws = with_local_guard(saver.with_change_tracking(backend))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (emulator if scope["type"] == "lifespan" else guarded_aws)(scope, receive, send)

    return app


def with_tls_scheme(app: App) -> App:
    """Mark requests as sent by TLS, as every request on AWS is.

    Policies refuse anything else (aws:SecureTransport); here all traffic stays on the loopback interface.
    """

    async def tls_app(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "scheme": "https"}, receive, send)

    return tls_app


def _configuration(descriptor: int) -> Config:
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = KEEP_ALIVE_TIMEOUT_SECONDS
    config.graceful_timeout = GRACEFUL_TIMEOUT_SECONDS
    config.alpn_protocols = ["http/1.1"]
    return config


def _stop_on_signal(stop: asyncio.Event, *, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), stop.set)


async def run(arguments: argparse.Namespace) -> None:
    """Serve both servers until a signal arrives or, if requested, the parent process has ended."""
    stop = asyncio.Event()
    _stop_on_signal(stop, with_parent=arguments.with_parent)
    endpoint = f"http://127.0.0.1:{arguments.aws_port}"
    drain_on_updates()
    fetch_through_local_indexes()
    workers = WorkerStop()
    workers.install()
    alarm_runner = AlarmRunner(
        endpoint, AlarmSettings.read(arguments.alarm_settings), Journal(arguments.alarm_journal)
    )
    bridge = MetricsBridge(endpoint, alarm_runner.log.add)
    bridge.start()
    alarm_runner.start()

    def end_callers() -> None:
        alarm_runner.stop()
        bridge.stop()
        workers.end_all()

    await _serve(arguments, alarm_runner.meter, stop, end_callers)


async def _serve(
    arguments: argparse.Namespace, meter: RequestMeter, stop: asyncio.Event, end_callers: Callable[[], None]
) -> None:
    """Serve until `stop`; save at intervals, and once more when serving has ended.

    The servers close in the order of their callers: the front server, then what calls the AWS APIs inside this
    process and in workers (`end_callers`), then the AWS server.
    """
    folders = (arguments.state, arguments.saves)
    saver = StateSaver(capture, *folders, arguments.fingerprint, arguments.target_file)
    responses, backend = GatewayResponses.of(read_assembly()), emulator_app()
    front = front_app(backend, arguments.target_file, meter, responses)
    async with contextlib.AsyncExitStack() as callers:
        await callers.enter_async_context(
            front_server(front, socket.socket(fileno=arguments.front_fd), responses)
        )
        saving = asyncio.create_task(saver.run())

        async def stopped_callers() -> None:
            await stop.wait()
            await callers.aclose()
            await asyncio.to_thread(end_callers)

        app, config = aws_app(backend, saver), _configuration(arguments.aws_fd)
        await serve(app, config, shutdown_trigger=stopped_callers)  # type: ignore[arg-type]
    saving.cancel()
    await saver.finish()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra.local.server")
    parser.add_argument("--aws-fd", type=int, required=True)
    parser.add_argument("--front-fd", type=int, required=True)
    parser.add_argument("--aws-port", type=int, required=True)
    parser.add_argument("--target-file", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--saves", type=Path, required=True)
    parser.add_argument("--fingerprint", required=True)
    parser.add_argument("--alarm-settings", type=Path, required=True)
    parser.add_argument("--alarm-journal", type=Path, required=True)
    parser.add_argument("--with-parent", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Run the server in the foreground of this process."""
    arguments = _arguments()
    # One line per AWS service at each stop would hide the functions' output.
    logging.getLogger("persistence").setLevel(logging.WARNING)
    logging.getLogger("local-stage.saving").setLevel(logging.INFO)
    status = 0
    try:
        # Closing the runner would wait for threads of the emulator whose invocations do not return.
        asyncio.Runner().run(run(arguments))
    except KeyboardInterrupt:
        pass
    except Exception:  # noqa: BLE001 - the process ends with its text
        traceback.print_exc()
        status = FAILED
    os._exit(status)


if __name__ == "__main__":
    main()
