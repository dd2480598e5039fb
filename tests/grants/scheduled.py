"""Scheduled work of freshness_monitor and blob_reaper."""

import secrets

from risk_hub_contracts.blob.write import encode_stress
from tests.grants.producers import publish, uploaded
from tests.grants.workbench import Workbench
from tests.local_stage.caller import new_world, small_body


def watches(bench: Workbench) -> None:
    """One run over all worlds and queues."""
    bench.invoke("freshness_monitor", {})


def watches_tokens(bench: Workbench) -> None:
    """A new process reads the token list to find the next token that ends."""
    bench.restart("freshness_monitor")
    watches(bench)


def _lies(bench: Workbench, world: str, *, referred: bool) -> None:
    data = encode_stress({"crash": {"loss": secrets.randbelow(10**6) / 10**7 + 0.1}})
    ref = uploaded(bench, world, data, "stress")
    if referred:
        publish(bench, world, small_body(stress_ref=ref))


def reaps(bench: Workbench) -> None:
    """A blob that nothing refers to is removed with its marks."""
    _lies(bench, new_world(), referred=False)
    verdicts = bench.invoke("blob_reaper", {})
    assert verdicts.get("reaped", 0) >= 1, verdicts


def spares(bench: Workbench) -> None:
    """A blob that a snapshot refers to is kept."""
    _lies(bench, new_world(), referred=True)
    verdicts = bench.invoke("blob_reaper", {})
    assert verdicts.get("referred", 0) >= 1, verdicts
