"""A producer's program never prints, logs or stores its token or a signed request's signature."""

import asyncio
import io
import logging
import secrets
import stat
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.hub.blob_ports import SignedPut
from risk_hub_client import AsyncRiskHubClient, HubError, RiskHubClient
from risk_hub_client.cli.app import build_app, run
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.write import encode_covariance
from tests.client.conftest import BOOK, IMPATIENT, WORLD
from tests.client.server import Fault, Server, status
from tests.secrecy.marks import found

COVARIANCE = encode_covariance(["AAPL", "MSFT"], upper=[0.04, 0.02, 0.03])
SIGNATURE = secrets.token_hex(32)
BAD_DAYS: list[tuple[tuple[str, str], Fault]] = [
    (("POST", "/snapshots"), status(500)),
    (("POST", "/snapshots"), status(401)),
    (("POST", "/snapshots"), lambda exchange: exchange.cut()),
    (("PUT", "/store/"), status(403)),
    (("PUT", "/store/"), status(503)),
    (("PUT", "/store/"), lambda exchange: exchange.cut()),
]


@pytest.fixture
def server(server: Server) -> Server:
    """The hub, whose signed requests have a recognisable signature."""
    sign, sign_down = server.hub.uploads.sign_put, server.hub.blobs.download_url

    def sign_put(ref: BlobRef) -> SignedPut:
        signed = sign(ref)
        return SignedPut(f"{signed.url}?X-Amz-Signature={SIGNATURE}", signed.headers)

    def download_url(ref: BlobRef) -> str:
        return f"{sign_down(ref)}&X-Amz-Signature={SIGNATURE}"

    setattr(server.hub.uploads, "sign_put", sign_put)  # noqa: B010
    setattr(server.hub.blobs, "download_url", download_url)  # noqa: B010
    return server


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that the program's libraries log at the lowest level."""
    written, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def attempt(ask: Callable[[], object]) -> str:
    """Return a program's output for an error, or the answer."""
    try:
        return repr(ask())
    except HubError as error:
        return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


def everything(client: RiskHubClient) -> Iterator[Callable[[], object]]:
    yield lambda: client.publish(WORLD, **BOOK)
    yield lambda: client.upload(WORLD, "covariance", COVARIANCE)
    yield lambda: client.latest(WORLD)
    yield lambda: client.lookup(WORLD, version="none")
    yield lambda: client
    yield lambda: client.settings


@pytest.mark.parametrize("on_bad_days", [None, *range(len(BAD_DAYS))])
def test_client_errors_and_logs_contain_no_secret(
    server: Server, log: io.StringIO, on_bad_days: int | None
) -> None:
    if on_bad_days is not None:
        server.on, fault = BAD_DAYS[on_bad_days]
        server.faults.extend([fault] * 20)
    with RiskHubClient(
        server.url, server.token, actor="gateway", stage="paper", patience=IMPATIENT
    ) as client:
        output = [attempt(ask) for ask in everything(client)]
    assert any(SIGNATURE in seen.path for seen in server.seen)
    assert "HTTP Request" in log.getvalue()
    assert found("".join(output) + log.getvalue(), [server.token, SIGNATURE]) == set()


def test_async_client_errors_and_logs_contain_no_secret(server: Server, log: io.StringIO) -> None:
    async def publish() -> list[object]:
        settings: dict[str, Any] = {"actor": "gateway", "stage": "paper", "patience": IMPATIENT}
        async with AsyncRiskHubClient(server.url, server.token, **settings) as client:
            requested = (client.publish(WORLD, **BOOK), client.upload(WORLD, "covariance", COVARIANCE))
            return list(await asyncio.gather(*requested, return_exceptions=True))

    output = repr(asyncio.run(publish()))
    assert any(SIGNATURE in seen.path for seen in server.seen)
    assert found(output + log.getvalue(), [server.token, SIGNATURE]) == set()


def test_no_command_prints_a_secret(
    server: Server,
    tmp_path: Path,
    log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    blob = tmp_path / "blob.rsh"
    blob.write_bytes(COVARIANCE)
    spool = tmp_path / "spool"
    monkeypatch.setenv("RISK_HUB_URL", server.url)
    foreign_token = f"rsh_{secrets.token_urlsafe(32)}"
    for token in (server.token, foreign_token, f"{server.token} broken"):
        monkeypatch.setenv("RISK_HUB_TOKEN", token)
        for command in (
            ["latest", "--world", WORLD],
            ["lookup", "--world", WORLD, "--version", "v1"],
            ["list", "--world", WORLD, "--json"],
            ["worlds", "list"],
            ["contract"],
            ["monitor", "--world", WORLD],
            ["blob", "upload", str(blob), "--world", WORLD, "--kind", "covariance"],
            ["publish", str(tmp_path / "no-such-file.json")],
        ):
            run(build_app(), command)
    printed = "".join(capfd.readouterr())
    assert "unauthenticated" in printed or "401" in printed
    assert found(printed + log.getvalue(), [server.token, foreign_token, SIGNATURE]) == set()
    assert not spool.exists()


def test_spool_contains_no_secret_and_is_readable_only_by_its_owner(server: Server, tmp_path: Path) -> None:
    server.on = ("POST", "/snapshots")
    server.faults.extend([status(503)] * 20)
    folder = tmp_path / "spool"
    with RiskHubClient(
        server.url, server.token, actor="gateway", stage="paper", patience=IMPATIENT, spool=folder
    ) as client:
        client.publish(WORLD, **BOOK)
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert [each for each in files if each.suffix == ".json"]
    for each in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each
    kept = "".join(each.read_bytes().decode("latin-1") for each in files)
    assert found(kept, [server.token, SIGNATURE]) == set()
