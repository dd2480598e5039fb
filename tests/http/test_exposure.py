"""The limit on gross exposure: by X-Stage, configured for each deployment, served with the contract."""

from typing import Any

import pytest

from functions.hub.domain.exposure import ExposureLimits
from risk_hub_contracts.base.limits import GROSS_EXPOSURE_MAX_DEFAULT_RATIO
from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub, book, post

LIMITS = ExposureLimits({"live": 2.0})


def levered(gross: float) -> dict[str, float]:
    """Return weights of this gross exposure that add up to 1."""
    return {"AAPL": (gross + 1) / 2, "MSFT": (1 - gross) / 2}


@pytest.fixture
def limited(hub: Hub) -> Gateway:
    hub.exposure = LIMITS
    return hub.gateway()


def post_to(api: Gateway, stage: str, weights: dict[str, float], **fields: Any) -> Any:
    return post(api, book(weights=weights, **fields), headers={"X-Stage": stage})


def test_a_gross_exposure_past_the_limit_of_its_stage_is_refused_with_value_and_limit(
    limited: Gateway, hub: Hub
) -> None:
    refused = post_to(limited, "live", levered(2.5))
    assert (refused.status, refused.slug) == (422, "contract-violation")
    assert refused.json["errors"] == [
        {
            "pointer": "/weights",
            "detail": "have a gross exposure (sum of magnitudes) of 2.5; stage 'live' allows at most 2",
        }
    ]
    assert hub.snapshots.rows == {}
    assert hub.blobs.objects == {}


def test_a_gross_exposure_at_the_limit_is_accepted(limited: Gateway) -> None:
    assert post_to(limited, "live", levered(2.0)).status == 201


def test_rounding_of_a_sum_of_floats_does_not_refuse_a_book_at_the_limit(limited: Gateway) -> None:
    weights = levered(2.0 + 1e-12)
    assert sum(map(abs, weights.values())) > 2.0
    assert post_to(limited, "live", weights).status == 201


def test_the_limit_of_one_stage_does_not_hold_in_another(limited: Gateway) -> None:
    assert post_to(limited, "paper", levered(2.5)).status == 201


def test_default_exposure_limit_refuses_million_fold_leverage(api: Gateway) -> None:
    for stage in ("backtest", "paper", "live"):
        assert post_to(api, stage, levered(1e6)).slug == "contract-violation"
        weights = levered(GROSS_EXPOSURE_MAX_DEFAULT_RATIO)
        assert post_to(api, stage, weights, version=f"v-{stage}").status == 201


def test_the_contract_serves_the_limit_of_every_stage(limited: Gateway) -> None:
    assert limited("GET", "/risk-hub/contract").json["stage_limits"] == {
        "backtest": {"gross_exposure_max": GROSS_EXPOSURE_MAX_DEFAULT_RATIO},
        "live": {"gross_exposure_max": 2.0},
        "paper": {"gross_exposure_max": GROSS_EXPOSURE_MAX_DEFAULT_RATIO},
    }


def test_exposure_limits_are_parsed_from_configuration_text() -> None:
    limits = ExposureLimits.parse("live=20.5,paper=100.0")
    assert (limits.gross("live"), limits.gross("paper")) == (20.5, 100.0)
    assert ExposureLimits.parse("").gross("live") == GROSS_EXPOSURE_MAX_DEFAULT_RATIO
    with pytest.raises(ValueError, match="unpack"):
        ExposureLimits.parse("live")
