"""A read by version of a world without that version: the answer says whether the world itself is known."""

import pytest

from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, post

BY_VERSION = [f"{SNAPSHOTS}/lookup?version=v1", f"{SNAPSHOTS}/v1/risk", f"{SNAPSHOTS}/v1/stress"]


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
    post(api)
    filtered = api("GET", f"{SNAPSHOTS}/latest?actor=nobody")
    assert "`include_expired=true`" in filtered.json["remedy"]
    widened = api("GET", f"{SNAPSHOTS}/latest?actor=nobody&include_expired=true")
    assert widened.json["remedy"] == "Widen the filters; expired snapshots are already included."
