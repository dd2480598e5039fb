import dataclasses
from typing import Any

import pytest

from infra.context_values import CONTEXT_KEYS, HISTORY_RETENTION_MIN_DAYS, HOT_MAX_DAYS, resolve_environment
from infra.environments import ENVIRONMENTS, LOOPBACK_NETWORKS
from infra.errors import EnvironmentSpecError
from infra.functions import API_FUNCTIONS, FUNCTIONS
from risk_hub_contracts.base.limits import KNOWN_AT_SETTLE_SECONDS

API_GATEWAY_TIMEOUT_SECONDS = 29
TEN_YEARS_DAYS = 3650
HOUR_SECONDS = 3_600


def test_stages_are_ordered_from_local_to_prod() -> None:
    assert list(ENVIRONMENTS) == ["local", "dev", "staging", "prod"]


@pytest.mark.parametrize(
    ("stage", "offload"), [("local", True), ("dev", False), ("staging", True), ("prod", True)]
)
def test_every_stage_except_dev_offloads_large_components(stage: str, offload: bool) -> None:  # noqa: FBT001
    assert ENVIRONMENTS[stage].offload is offload


@pytest.mark.parametrize(("stage", "days"), [("local", 180), ("dev", 180), ("staging", 180), ("prod", 3650)])
def test_each_stage_keeps_its_history_for_its_days(stage: str, days: int) -> None:
    assert ENVIRONMENTS[stage].history_retention_days == days


@pytest.mark.parametrize(("stage", "days"), [("local", 7), ("dev", 7), ("staging", 35), ("prod", 35)])
def test_each_stage_has_its_hot_window(stage: str, days: int) -> None:
    assert ENVIRONMENTS[stage].hot_days == days
    assert ENVIRONMENTS[stage].move_settle_seconds == HOUR_SECONDS


def test_given_history_settings_replace_those_of_the_stage() -> None:
    given = {"hot_days": "14", "history_retention_days": "90", "move_settle_seconds": "15"}
    dev = resolve_environment("dev", **given)
    assert (dev.hot_days, dev.history_retention_days, dev.move_settle_seconds) == (14, 90, 15)


@pytest.mark.parametrize("days", ["0", "-7", "7.0", "61", "a week", "\u0667"])
def test_hot_window_outside_1_to_60_days_is_rejected(days: str) -> None:
    with pytest.raises(
        EnvironmentSpecError, match=r"^hot_days .*: give a whole number of days from 1 to 60;"
    ):
        resolve_environment("dev", hot_days=days)


@pytest.mark.parametrize("days", ["0", "89", "90.5", "36501", "ten years"])
def test_history_retention_below_90_days_or_above_a_century_is_rejected(days: str) -> None:
    with pytest.raises(EnvironmentSpecError, match=r"^history_retention_days .* days from 90 to 36500$"):
        resolve_environment("dev", history_retention_days=days)


def test_history_retention_shorter_than_the_lock_of_the_archive_is_rejected() -> None:
    given = {"allowed_networks": "203.0.113.0/24", "history_retention_days": "364"}
    with pytest.raises(
        EnvironmentSpecError, match="days from 365, for which stage 'prod' locks its archive, to 36500"
    ):
        resolve_environment("prod", **given)
    assert resolve_environment("prod", **{**given, "history_retention_days": "365"})


@pytest.mark.parametrize("seconds", ["0", "14", "86401", "1e3", "an hour"])
def test_move_before_answers_about_the_past_are_settled_is_rejected(seconds: str) -> None:
    with pytest.raises(
        EnvironmentSpecError, match=r"^move_settle_seconds .* of seconds from 15, after which"
    ):
        resolve_environment("dev", move_settle_seconds=seconds)


@pytest.mark.parametrize("stage", ENVIRONMENTS)
def test_hot_window_ends_before_ttl_may_delete_a_snapshot(stage: str) -> None:
    """A snapshot that waits for its move keeps its item."""
    assert HOT_MAX_DAYS < HISTORY_RETENTION_MIN_DAYS <= ENVIRONMENTS[stage].history_retention_days
    assert ENVIRONMENTS[stage].hot_days <= HOT_MAX_DAYS


def test_stage_settings_are_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ENVIRONMENTS["prod"].deletion_protection = False  # type: ignore[misc]


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_staging_and_prod_require_allowed_networks(stage: str) -> None:
    with pytest.raises(
        EnvironmentSpecError,
        match=rf"stage '{stage}' answers only to named networks: give -c allowed_networks=",
    ):
        resolve_environment(stage)


@pytest.mark.parametrize("networks", ["", None])
def test_empty_allowed_networks_are_read_as_none(networks: str | None) -> None:
    assert resolve_environment("dev", allowed_networks=networks).allowed_networks is None


@pytest.mark.parametrize("key", CONTEXT_KEYS)
@pytest.mark.parametrize("text", [" ", ",", " , ,", "\n"])
def test_context_text_that_contains_no_value_is_rejected(key: str, text: str) -> None:
    given = {"allowed_networks": "203.0.113.0/24", key: text}
    with pytest.raises(EnvironmentSpecError, match=f"{key} .* contains no value: give one"):
        resolve_environment("prod", **given)


@pytest.mark.parametrize("key", ["stage", *CONTEXT_KEYS])
@pytest.mark.parametrize("value", [0, 20, 1.5, True, [], ["203.0.113.0/24"], {}, {"live": 20}])
def test_context_value_that_is_not_text_is_rejected_naming_its_type(key: str, value: Any) -> None:
    given = {"stage": "dev", key: value}
    with pytest.raises(EnvironmentSpecError, match=f"{key} is of type {type(value).__name__}: give a text"):
        resolve_environment(given.pop("stage"), **given)


def test_allowed_networks_are_parsed_ignoring_spaces() -> None:
    environment = resolve_environment("prod", allowed_networks=" 203.0.113.0/24, 2001:db8::/48 ,")
    assert environment.allowed_networks == ("203.0.113.0/24", "2001:db8::/48")


@pytest.mark.parametrize("networks", ["203.0.113.1/24", "office", "203.0.113.0/33"])
def test_invalid_cidr_block_is_rejected_naming_it(networks: str) -> None:
    with pytest.raises(EnvironmentSpecError, match=networks):
        resolve_environment("prod", allowed_networks=networks)


@pytest.mark.parametrize(
    "address", ["oncall@example.com", "http://example.com/alarms", "mailto:oncall", "https://"]
)
def test_invalid_alarm_subscriber_is_rejected_naming_it(address: str) -> None:
    with pytest.raises(EnvironmentSpecError, match=f"subscriber '{address}': give mailto:"):
        resolve_environment("dev", warning_subscribers=f"mailto:team@example.com,{address}")


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "many", "10001", "٢"])
def test_invalid_reserved_concurrency_is_rejected(count: str) -> None:
    with pytest.raises(EnvironmentSpecError, match="must leave 100 of the account's limit"):
        resolve_environment("dev", writer_concurrency=count)


def test_gross_exposure_limits_are_parsed_per_x_stage() -> None:
    assert resolve_environment("dev", gross_exposure_max="paper=100, live=2.5").gross_exposure_max == (
        ("live", 2.5),
        ("paper", 100.0),
    )


@pytest.mark.parametrize(
    "text", ["live", "live=", "live=x", "live=-1", "live=0.5", "live=nan", "prod=2", "live=1e9"]
)
def test_invalid_gross_exposure_limit_is_rejected(text: str) -> None:
    with pytest.raises(EnvironmentSpecError, match="gross_exposure_max"):
        resolve_environment("dev", gross_exposure_max=text)


def test_second_gross_exposure_limit_of_a_stage_is_rejected() -> None:
    with pytest.raises(EnvironmentSpecError, match="two limits for live"):
        resolve_environment("dev", gross_exposure_max="live=20,live=30")


def test_unknown_stage_is_rejected_listing_the_known_stages() -> None:
    with pytest.raises(
        EnvironmentSpecError, match="no stage 'production': choose one of local, dev, staging, prod"
    ):
        resolve_environment("production")


def test_local_stage_allows_only_loopback_networks() -> None:
    assert resolve_environment("local").allowed_networks == LOOPBACK_NETWORKS


@pytest.mark.parametrize("folder", API_FUNCTIONS)
def test_api_function_timeout_is_shorter_than_the_gateway_timeout(folder: str) -> None:
    assert FUNCTIONS[folder].timeout_seconds < API_GATEWAY_TIMEOUT_SECONDS


def test_writer_timeout_is_shorter_than_the_settle_time_of_known_at() -> None:
    assert FUNCTIONS["snapshot_writer"].timeout_seconds < KNOWN_AT_SETTLE_SECONDS


def test_production_retains_data_for_ten_years_with_every_protection() -> None:
    prod = ENVIRONMENTS["prod"]
    assert prod.history_retention_days >= TEN_YEARS_DAYS
    assert (prod.point_in_time_recovery, prod.deletion_protection, prod.retain_data) == (True, True, True)


CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/0123abcd-4567"


def test_stage_has_no_custom_domain_by_default() -> None:
    assert (
        resolve_environment("dev", domain_name="", certificate_arn=None, base_path="").custom_domain is None
    )


@pytest.mark.parametrize(
    ("base_path", "url"), [("", "https://risk.example.com/"), ("risk", "https://risk.example.com/risk/")]
)
def test_custom_domain_url_includes_the_base_path(base_path: str, url: str) -> None:
    given = {"domain_name": "risk.example.com", "certificate_arn": CERTIFICATE, "base_path": base_path}
    domain = resolve_environment("dev", **given).custom_domain
    assert domain is not None
    assert domain.url == url


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"domain_name": "risk.example.com"}, "certificate_arn"),
        ({"certificate_arn": CERTIFICATE}, "domain_name"),
        ({"base_path": "risk"}, "domain_name"),
        ({"domain_name": "Risk.Example.com", "certificate_arn": CERTIFICATE}, "domain_name"),
        ({"domain_name": "https://risk.example.com", "certificate_arn": CERTIFICATE}, "domain_name"),
        ({"domain_name": "*.example.com", "certificate_arn": CERTIFICATE}, "domain_name"),
        ({"domain_name": "localhost", "certificate_arn": CERTIFICATE}, "domain_name"),
        ({"domain_name": "risk.example.com", "certificate_arn": "0123abcd"}, "certificate_arn"),
        *(
            (
                {"domain_name": "risk.example.com", "certificate_arn": CERTIFICATE, "base_path": path},
                "base_path",
            )
            for path in ("/risk", "a/b", "risk/", " risk", "(none)", "r%20k", "..")
        ),
    ],
)
def test_invalid_custom_domain_is_rejected_naming_the_wrong_setting(
    given: dict[str, str], named: str
) -> None:
    with pytest.raises(EnvironmentSpecError, match=f"^{named}"):
        resolve_environment("dev", **given)


@pytest.mark.parametrize(
    "base", ["docs", "https://example.com", "https://example.com/hub", "https://a b/", "ftp://a/"]
)
def test_invalid_runbook_base_url_is_rejected(base: str) -> None:
    with pytest.raises(EnvironmentSpecError, match="ending in a slash"):
        resolve_environment("dev", runbook_base=base)


@pytest.mark.parametrize("given", [{"base_path": "risk"}, {"certificate_arn": "arn:aws:acm:x"}])
def test_custom_domain_settings_without_a_domain_name_are_rejected(given: dict[str, str]) -> None:
    with pytest.raises(EnvironmentSpecError, match="domain_name is missing"):
        resolve_environment("dev", **given)
