"""A read by version of a world without that version: the answer says whether the world itself is known."""

from datetime import timedelta

import pytest

from functions.hub.use_cases.explain_absence import (
    EXPIRED_OR_LATER_REMEDY,
    EXPIRED_REMEDY,
    NO_EXPIRED_REMEDY,
)
from risk_hub_contracts.base.problems import SNAPSHOT_EXPIRED
from risk_hub_contracts.base.times import format_instant
from tests.fakes.clock import START
from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post

BY_VERSION = [f"{SNAPSHOTS}/lookup?version=v1", f"{SNAPSHOTS}/v1/risk", f"{SNAPSHOTS}/v1/stress"]

PUBLISH_OR_EXPIRED_REMEDY = SNAPSHOT_EXPIRED.remedy


def iso(minutes: float) -> str:
    return format_instant(START + timedelta(minutes=minutes))


@pytest.mark.parametrize("path", BY_VERSION)
def test_a_read_by_version_of_an_unknown_world_is_world_unknown_as_in_every_other_read(
    api: Gateway, path: str
) -> None:
    answer, latest = api("GET", path), api("GET", f"{SNAPSHOTS}/latest")
    assert (answer.status, answer.slug) == (404, "world-unknown")
    assert answer.json["detail"] == latest.json["detail"]


@pytest.mark.parametrize("path", BY_VERSION)
def test_a_read_by_version_of_a_registered_world_without_snapshots_says_so(
    api: Gateway, hub: Hub, path: str
) -> None:
    hub.worlds.register("w1", "paper")
    answer = api("GET", path)
    assert (answer.slug, answer.json["detail"]) == (
        "snapshot-not-found",
        "world 'w1' has never had a snapshot",
    )


@pytest.mark.parametrize("path", BY_VERSION)
def test_a_read_of_an_absent_version_of_a_known_world_names_the_version(api: Gateway, path: str) -> None:
    post(api)
    answer = api("GET", path.replace("v1", "v9"))
    assert answer.slug == "snapshot-not-found"
    assert "has no version 'v9'" in answer.json["detail"]


def test_a_lookup_by_version_before_the_worlds_first_snapshot_does_not_depend_on_todays_registration(
    api: Gateway,
) -> None:
    path = f"{SNAPSHOTS}/lookup?version=v1&known_at=2025-01-01T00:00:00Z"
    before = api("GET", path)
    post(api)
    after = api("GET", path)
    assert before.json["detail"] == "no snapshot of world 'w1' was known at 2025-01-01T00:00:00.000000Z"
    assert (after.slug, after.json["detail"]) == (before.slug, before.json["detail"])


def test_remedy_of_an_empty_answer_names_no_filter_that_makes_no_difference(api: Gateway, hub: Hub) -> None:
    hub.worlds.register("w1", "paper")
    unpublished = api("GET", f"{SNAPSHOTS}/latest")
    assert unpublished.json["remedy"].startswith("Publish a first snapshot")
    early = api("GET", f"{SNAPSHOTS}/latest?known_at=2025-01-01T00:00:00Z")
    assert early.json["remedy"].startswith("Send a later `known_at`")


def followed(api: Gateway, query: str, *changes: str) -> int:
    """Return the status of a query after the changes that its remedy asks for."""
    return api("GET", "&".join((f"{SNAPSHOTS}/{query}", *changes))).status


@pytest.mark.parametrize("query", ["latest?actor=other", "lookup?as_of=2026-01-06T00:00:00Z&actor=other"])
def test_remedy_names_include_expired_only_if_an_expired_snapshot_matches(
    api: Gateway, hub: Hub, query: str
) -> None:
    post(api, book(ttl_sec=60))
    hub.clock.advance(minutes=2)
    post(api, book("v2", as_of=iso(2)))
    unmatched = api("GET", f"{SNAPSHOTS}/{query}")
    assert unmatched.json["remedy"] == "Widen the filters; expired snapshots make no difference."
    assert followed(api, query, "include_expired=true") == 404
    assert followed(api, query.replace("other", "gateway")) == 200


def test_remedy_of_filters_that_only_an_expired_snapshot_matches_is_include_expired(
    api: Gateway, hub: Hub
) -> None:
    post(api, book(ttl_sec=60))
    hub.clock.advance(minutes=2)
    post(api, book("v2", as_of=iso(2)), headers={"X-Actor": "ops"})
    expired = api("GET", f"{SNAPSHOTS}/latest?actor=gateway")
    assert (expired.slug, expired.json["remedy"]) == ("snapshot-not-found", EXPIRED_REMEDY)
    assert followed(api, "latest?actor=gateway", "include_expired=true") == 200
    early = api("GET", f"{SNAPSHOTS}/lookup?as_of={iso(1)}")
    assert (early.json["earliest_as_of"], early.json["remedy"]) == (iso(2), EXPIRED_OR_LATER_REMEDY)
    assert followed(api, f"lookup?as_of={iso(1)}", "include_expired=true") == 200
    assert followed(api, f"lookup?as_of={iso(2)}") == 200


@pytest.mark.parametrize("filters", ["", "&known_at"])
def test_remedy_of_an_expired_world_works_with_every_filter(api: Gateway, hub: Hub, filters: str) -> None:
    post(api, book(ttl_sec=60))
    hub.clock.advance(minutes=2)
    known_at = f"&known_at={iso(2)}" if filters else ""
    for query, remedy in (
        ("latest?stage=paper", EXPIRED_REMEDY if filters else PUBLISH_OR_EXPIRED_REMEDY),
        ("lookup?version=v1", EXPIRED_REMEDY),
        (f"lookup?as_of={iso(1)}", EXPIRED_REMEDY),
        ("latest?stage=live", NO_EXPIRED_REMEDY),
        ("lookup?as_of=2020-01-01T00:00:00Z", NO_EXPIRED_REMEDY),
    ):
        answer = api("GET", f"{SNAPSHOTS}/{query}{known_at}")
        assert (answer.slug, answer.json["remedy"]) == ("snapshot-expired", remedy)
        status = followed(api, query + known_at, "include_expired=true")
        assert status == (404 if remedy == NO_EXPIRED_REMEDY else 200)
    assert followed(api, "latest?include_expired=true") == 200


def test_remedy_of_filters_without_a_match_at_a_past_instant_names_a_later_known_at(
    api: Gateway, hub: Hub
) -> None:
    post(api)
    hub.clock.advance(minutes=2)
    post(api, book("v2", as_of=iso(2)), headers={"X-Actor": "ops"})
    hub.clock.advance(minutes=2)
    answer = api("GET", f"{SNAPSHOTS}/latest?actor=ops&known_at={iso(1)}")
    assert answer.json["remedy"] == (
        "Widen the filters, or send a later `known_at`; expired snapshots make no difference."
    )
    assert followed(api, f"latest?actor=ops&known_at={iso(3)}") == 200
    assert followed(api, f"latest?known_at={iso(1)}") == 200
