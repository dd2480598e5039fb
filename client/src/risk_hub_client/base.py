"""State that the blocking and the asynchronous client share: settings, cache, spool."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from risk_hub_client.cache import ClientCache
from risk_hub_client.prepare import Producer
from risk_hub_client.settings import NotConfiguredError, Patience, resolve_settings
from risk_hub_client.spool import Spool

__all__ = ["ClientBase", "SnapshotFields"]


class SnapshotFields(TypedDict, total=False):
    """The fields of a snapshot, in every form that a client accepts; the contract defines their content."""

    version: str
    as_of: datetime | str
    weights: Any
    covariance: Any
    realized_returns: Any
    stress: Any
    portfolio: Mapping[str, Any]
    returns_meta: Mapping[str, Any]
    covariance_meta: Mapping[str, Any]
    portfolio_returns: Mapping[str, Any]
    risk: Mapping[str, Any]
    constraints: Mapping[str, Any]
    ttl_sec: int
    provenance: Mapping[str, Any]


class ClientBase:
    """Settings, cache and spool of one client."""

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        actor: str | None = None,
        stage: str | None = None,
        patience: Patience | None = None,
        spool: str | Path | None = None,
    ) -> None:
        """Create a client.

        Args:
            url: the hub's URL; default: RISK_HUB_URL.
            token: the bearer token; default: RISK_HUB_TOKEN.
            actor: the publishing actor.
            stage: the stage to publish under.
            patience: the number of attempts and the time budget of a request.
            spool: a folder for undelivered snapshots; without one, `publish` raises.

        Raises:
            NotConfiguredError: the URL or the token is missing or malformed.
        """
        self.settings = resolve_settings(url, token, actor=actor, stage=stage, patience=patience)
        self.memory = ClientCache()
        # The text of an unset variable. As a path it is the working folder, whose JSON files are not a spool.
        if spool == "":
            raise NotConfiguredError(
                "spool is an empty text: give the path of a folder, or None for no spool"
            )
        self.spool = None if spool is None else Spool(Path(spool))

    def _producer(self, actor: str | None, stage: str | None) -> Producer:
        return Producer.of(actor or self.settings.actor, stage or self.settings.stage)
