import dataclasses

import pytest

from infra.environments import (
    ENVIRONMENTS,
    LOOPBACK_NETWORKS,
    EnvironmentSpecError,
    FunctionSize,
    resolve_environment,
)
from infra.names import FUNCTION_FOLDERS
from risk_hub_contracts.base.limits import KNOWN_AT_SETTLE_SECONDS

API_GATEWAY_TIMEOUT_SECONDS = 29
PROD_RETENTION_MIN_DAYS = 90


def test_the_four_stages_keep_their_order_of_weight() -> None:
    assert list(ENVIRONMENTS) == ["local", "dev", "staging", "prod"]


@pytest.mark.parametrize(
    ("stage", "offload"), [("local", True), ("dev", False), ("staging", True), ("prod", True)]
)
def test_only_dev_keeps_everything_inline(stage: str, offload: bool) -> None:  # noqa: FBT001
    assert ENVIRONMENTS[stage].offload is offload


@pytest.mark.parametrize(("stage", "days"), [("local", 30), ("dev", 30), ("staging", 90), ("prod", 3650)])
def test_snapshots_are_kept_for_the_stages_days(stage: str, days: int) -> None:
    assert ENVIRONMENTS[stage].retention_days == days


def test_a_stage_cannot_be_changed_while_it_is_synthesized() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ENVIRONMENTS["prod"].deletion_protection = False  # type: ignore[misc]


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_a_stage_with_customers_is_not_synthesized_without_networks(stage: str) -> None:
    with pytest.raises(
        EnvironmentSpecError,
        match=rf"stage '{stage}' answers only to named networks: give -c allowed_networks=",
    ):
        resolve_environment(stage)


@pytest.mark.parametrize("networks", ["", None])
def test_no_networks_and_an_empty_list_of_networks_are_the_same(networks: str | None) -> None:
    assert resolve_environment("dev", allowed_networks=networks).allowed_networks is None


def test_networks_are_read_from_the_context_whatever_the_spaces() -> None:
    environment = resolve_environment("prod", allowed_networks=" 203.0.113.0/24, 2001:db8::/48 ,")
    assert environment.allowed_networks == ("203.0.113.0/24", "2001:db8::/48")


@pytest.mark.parametrize("networks", ["203.0.113.1/24", "office", "203.0.113.0/33"])
def test_a_network_that_is_no_cidr_block_is_refused_by_name(networks: str) -> None:
    with pytest.raises(EnvironmentSpecError, match=networks):
        resolve_environment("prod", allowed_networks=networks)


@pytest.mark.parametrize(
    "address", ["oncall@example.com", "http://example.com/alarms", "mailto:oncall", "https://"]
)
def test_an_address_that_cannot_be_subscribed_is_refused_by_name(address: str) -> None:
    with pytest.raises(EnvironmentSpecError, match=f"subscriber '{address}': give mailto:"):
        resolve_environment("dev", warning_subscribers=f"mailto:team@example.com,{address}")


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "many", "10001", "٢"])
def test_reserved_concurrency_that_is_no_count_of_executions_is_refused(count: str) -> None:
    with pytest.raises(EnvironmentSpecError, match="must leave 100 of the account's limit"):
        resolve_environment("dev", writer_concurrency=count)


def test_limits_on_gross_exposure_are_read_from_the_context_by_x_stage() -> None:
    assert resolve_environment("dev", gross_exposure_max="paper=100, live=2.5").gross_exposure_max == (
        ("live", 2.5),
        ("paper", 100.0),
    )


@pytest.mark.parametrize(
    "text", ["live", "live=", "live=x", "live=-1", "live=0.5", "live=nan", "prod=2", "live=1e9"]
)
def test_a_limit_on_gross_exposure_that_is_no_number_or_of_no_stage_is_refused(text: str) -> None:
    with pytest.raises(EnvironmentSpecError, match="gross_exposure_max"):
        resolve_environment("dev", gross_exposure_max=text)


def test_an_unknown_stage_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        EnvironmentSpecError, match="no stage 'production': choose one of local, dev, staging, prod"
    ):
        resolve_environment("production")


def test_the_local_stage_answers_this_machine_only() -> None:
    assert resolve_environment("local").allowed_networks == LOOPBACK_NETWORKS


@pytest.mark.parametrize("stage", ENVIRONMENTS)
def test_the_functions_behind_the_api_end_before_the_gateway_gives_up(stage: str) -> None:
    sizes: list[FunctionSize] = [getattr(ENVIRONMENTS[stage], folder) for folder in FUNCTION_FOLDERS]
    writer, reader = sizes[:2]
    assert writer.timeout_seconds < API_GATEWAY_TIMEOUT_SECONDS
    assert writer.timeout_seconds < KNOWN_AT_SETTLE_SECONDS
    assert reader.timeout_seconds < API_GATEWAY_TIMEOUT_SECONDS


def test_production_keeps_evidence_for_ten_years_under_every_protection() -> None:
    prod = ENVIRONMENTS["prod"]
    assert prod.retention_days >= PROD_RETENTION_MIN_DAYS
    assert (prod.point_in_time_recovery, prod.deletion_protection, prod.retain_data) == (True, True, True)


CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/0123abcd-4567"


def test_a_stage_has_no_custom_domain_unless_one_is_given() -> None:
    assert (
        resolve_environment("dev", domain_name="", certificate_arn=None, base_path="").custom_domain is None
    )


@pytest.mark.parametrize(
    ("base_path", "url"), [("", "https://risk.example.com/"), ("risk", "https://risk.example.com/risk/")]
)
def test_a_custom_domain_has_the_url_that_clients_call(base_path: str, url: str) -> None:
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
def test_an_incomplete_or_malformed_custom_domain_is_refused_by_name(
    given: dict[str, str], named: str
) -> None:
    with pytest.raises(EnvironmentSpecError, match=f"^{named}"):
        resolve_environment("dev", **given)


@pytest.mark.parametrize(
    "base", ["docs", "https://example.com", "https://example.com/hub", "https://a b/", "ftp://a/"]
)
def test_a_runbook_base_that_makes_no_link_is_refused(base: str) -> None:
    with pytest.raises(EnvironmentSpecError, match="ending in a slash"):
        resolve_environment("dev", runbook_base=base)


@pytest.mark.parametrize("given", [{"base_path": "risk"}, {"certificate_arn": "arn:aws:acm:x"}])
def test_a_part_of_a_domain_without_its_name_asks_for_the_name(given: dict[str, str]) -> None:
    with pytest.raises(EnvironmentSpecError, match="domain_name is missing"):
        resolve_environment("dev", **given)
