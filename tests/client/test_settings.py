"""Hub URL and token: invalid ones are refused before anything is sent, and never shown."""

import pytest

from risk_hub_client import InvalidSnapshotError, NotConfiguredError, RiskHubClient
from risk_hub_client.cache import ClientCache
from risk_hub_client.settings import resolve_settings
from risk_hub_client.transport import Exchange
from risk_hub_client.wire import Call
from risk_hub_contracts.blob.write import encode_returns
from tests.client.conftest import WORLD, as_a_shell_passes
from tests.client.server import Server


@pytest.mark.parametrize("token", ["s3cr3t\n", " s3cr3t", "s3cr3t\x01", "s3cr3t-é", "s3c r3t", "s3cr3t\x7f"])
def test_a_token_that_no_header_takes_is_refused_and_not_shown(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISK_HUB_TOKEN", as_a_shell_passes(token))
    with pytest.raises(NotConfiguredError) as caught:
        RiskHubClient("https://hub.example")
    assert "RISK_HUB_TOKEN" in str(caught.value)
    assert "s3c" not in repr(caught.value)


@pytest.mark.parametrize(
    "url", ["http://[::1", "hub.example", "ftp://hub.example", "https://", "http://h:port"]
)
def test_a_url_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(NotConfiguredError, match="RISK_HUB_URL"):
        RiskHubClient(url, "token")


@pytest.mark.parametrize(
    "url", ["http://hub.example", "http://10.0.0.1:8787", "http://127.0.0.1.hub.example"]
)
def test_no_token_is_sent_in_the_clear_to_another_machine(url: str) -> None:
    with pytest.raises(NotConfiguredError, match="would read the token"):
        RiskHubClient(url, "token")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://hub.example"]
)
def test_this_machine_is_reached_without_tls(url: str) -> None:
    with RiskHubClient(url, "token") as client:
        assert client.settings.url == url


def test_what_the_library_says_of_a_request_that_it_refuses_is_not_told() -> None:
    settings = resolve_settings("https://hub.example", "token", actor=None, stage=None, patience=None)
    told = str(
        Exchange(settings, ClientCache(), Call("GET", "/")).classify_error(ValueError("Bearer s3cr3t"))
    )
    assert "ValueError" in told
    assert "s3cr3t" not in told


def test_an_actor_that_is_none_is_refused_before_anything_is_sent(
    client: RiskHubClient, server: Server
) -> None:
    with pytest.raises(InvalidSnapshotError, match="actor"):
        client.upload(WORLD, "realized_returns", encode_returns([0.1]), actor="한")
    assert server.seen == []
