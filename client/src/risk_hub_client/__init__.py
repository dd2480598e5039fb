"""The client of the hub (extra `client`): publish and read snapshots; store them on disk during an outage.

from risk_hub_client import RiskHubClient

with RiskHubClient(actor="gateway", stage="paper") as hub:
    hub.publish("us20", version="v1", as_of="2026-01-05T00:00:00Z", weights={"AAPL": 0.6, "MSFT": 0.4})
"""

from risk_hub_client.async_client import AsyncRiskHubClient
from risk_hub_client.errors import (
    ConflictError,
    DamagedBlobError,
    DeniedError,
    HubError,
    InvalidSnapshotError,
    NotFoundError,
    RefusedError,
    SpoolError,
    StoreError,
    UnavailableError,
    WorldFullError,
)
from risk_hub_client.factors import FactorModel
from risk_hub_client.frames import to_dataframe
from risk_hub_client.history.lines import DamagedHistoryError
from risk_hub_client.history.snapshots import SnapshotHistory
from risk_hub_client.prechecks import precheck
from risk_hub_client.reports import ReportDocument
from risk_hub_client.results import HubContract, Publication, StoredSnapshot
from risk_hub_client.settings import NotConfiguredError, Patience, Settings
from risk_hub_client.spool import Flushed, Spool
from risk_hub_client.sync_client import RiskHubClient

__all__ = [
    "AsyncRiskHubClient",
    "ConflictError",
    "DamagedBlobError",
    "DamagedHistoryError",
    "DeniedError",
    "FactorModel",
    "Flushed",
    "HubContract",
    "HubError",
    "InvalidSnapshotError",
    "NotConfiguredError",
    "NotFoundError",
    "Patience",
    "Publication",
    "RefusedError",
    "ReportDocument",
    "RiskHubClient",
    "Settings",
    "SnapshotHistory",
    "Spool",
    "SpoolError",
    "StoreError",
    "StoredSnapshot",
    "UnavailableError",
    "WorldFullError",
    "precheck",
    "to_dataframe",
]
