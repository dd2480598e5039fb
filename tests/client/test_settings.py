"""Hub URL and token: invalid ones are refused before anything is sent, and never shown."""

import pytest

from risk_hub_client import HubError, InvalidSnapshotError, NotConfiguredError, RiskHubClient
from risk_hub_client.cache import ClientCache
from risk_hub_client.settings import resolve_settings
from risk_hub_client.transport import Exchange
from risk_hub_client.wire import Call
from risk_hub_contracts.blob.write import encode_returns
from tests.client.conftest import WORLD, as_a_shell_passes
from tests.client.server import Server


@pytest.mark.parametrize(
    "token",
    [
        "s3cr3t\n",
        " s3cr3t",
        "s3cr3t\x01",
        "s3cr3t-é",
        "s3cr3t-비밀",
        "s3cr3t\u200b",
        "s3c r3t",
        "s3cr3t\x7f",
    ],
)
def test_token_invalid_in_a_header_is_rejected_without_being_shown(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RISK_HUB_TOKEN", as_a_shell_passes(token))
    with pytest.raises(NotConfiguredError) as caught:
        RiskHubClient("https://hub.example")
    assert "RISK_HUB_TOKEN" in str(caught.value)
    assert "s3c" not in repr(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("http://[::1", "hub.example", "ftp://hub.example", "https://", "http://h:port"),
        *(
            "https://hub.example/?a=b",
            "https://hub.example/#a",
            " https://hub.example",
            "https://hub.example\n",
        ),
        *("https://user:word@hub.example", "https://user@hub.example", "https://hub example"),
    ],
)
def test_invalid_url_is_rejected_when_the_client_is_created(url: str) -> None:
    with pytest.raises(NotConfiguredError, match="RISK_HUB_URL") as caught:
        RiskHubClient(url, "token")
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://hub.example", "http://10.0.0.1:8787", "http://127.0.0.1.hub.example"]
)
def test_plain_http_url_to_another_machine_is_rejected(url: str) -> None:
    with pytest.raises(NotConfiguredError, match="would expose the token"):
        RiskHubClient(url, "token")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://hub.example"]
)
def test_loopback_http_and_https_urls_are_accepted(url: str) -> None:
    with RiskHubClient(url, "token") as client:
        assert client.settings.url == url


def test_library_error_text_that_contains_the_token_is_not_shown() -> None:
    settings = resolve_settings("https://hub.example", "token", actor=None, stage=None, patience=None)
    reported = str(
        Exchange(settings, ClientCache(), Call("GET", "/")).classify_error(ValueError("Bearer s3cr3t"))
    )
    assert "ValueError" in reported
    assert "s3cr3t" not in reported


def test_a_value_that_has_no_encoding_is_named_in_the_error(client: RiskHubClient, server: Server) -> None:
    with pytest.raises(HubError, match="unpaired surrogate; correct that value"):
        client.lookup(WORLD, version="v\udcff")
    assert server.seen == []


def test_invalid_actor_is_rejected_before_any_request(client: RiskHubClient, server: Server) -> None:
    with pytest.raises(InvalidSnapshotError, match="actor"):
        client.upload(WORLD, "realized_returns", encode_returns([0.1]), actor="한")
    assert server.seen == []


def test_an_empty_spool_path_is_refused_and_not_read_as_the_working_folder() -> None:
    with pytest.raises(NotConfiguredError, match="spool is an empty text"):
        RiskHubClient("http://127.0.0.1:9", "t", actor="a", stage="paper", spool="")
