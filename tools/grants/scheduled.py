"""Scheduled work of freshness_monitor and blob_reaper."""

import secrets

from risk_hub_contracts.blob.write import encode_stress
from tests.local_stage.caller import new_world, small_body
from tools.grants.producers import publish, upload_blob
from tools.grants.workbench import Workbench


def monitors(bench: Workbench) -> None:
    """One run over all worlds and queues."""
    bench.invoke("freshness_monitor", {})


def monitors_tokens(bench: Workbench) -> None:
    """A new process reads the token list to find the next token that ends."""
    bench.restart("freshness_monitor")
    monitors(bench)


def _upload_stress_blob(bench: Workbench, world: str, *, referred: bool) -> None:
    data = encode_stress({"crash": {"loss": secrets.randbelow(10**6) / 10**7 + 0.1}})
    ref = upload_blob(bench, world, data, "stress")
    if referred:
        publish(bench, world, small_body(stress_ref=ref))


def deletes_orphan(bench: Workbench) -> None:
    """A blob that nothing refers to is removed with its marks."""
    _upload_stress_blob(bench, new_world(), referred=False)
    verdicts = bench.invoke("blob_reaper", {})
    assert verdicts.get("reaped", 0) >= 1, verdicts


def keeps_referenced_blob(bench: Workbench) -> None:
    """A blob that a snapshot refers to is kept."""
    _upload_stress_blob(bench, new_world(), referred=True)
    verdicts = bench.invoke("blob_reaper", {})
    assert verdicts.get("referred", 0) >= 1, verdicts
