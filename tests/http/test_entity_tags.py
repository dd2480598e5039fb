"""ETag and Cache-Control: no two different bodies of one URL share a strong tag, and no cache serves a stale answer."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk_hub_contracts.base.times import format_instant
from tests.fakes.clock import START
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post

REVALIDATE, DO_NOT_STORE = "no-cache", "no-store"
TTL_SECONDS = 60
VERSIONS = ("inline", "small", "large")
RETURNS: dict[str, Any] = {
    "inline": None,
    "small": [0.001] * 550,
    "large": [0.001] * 2_000,
}
FILTERS = ("", "include_expired=true", f"known_at={format_instant(START + timedelta(seconds=1))}")
URLS = [
    f"{SNAPSHOTS}/{path}{'&' if '?' in path else '?'}expand={expand}&{filters}".removesuffix("&")
    for path in ("latest", *(f"lookup?version={version}" for version in VERSIONS))
    for expand in ("true", "false")
    for filters in FILTERS
]
# Small answers fit, large ones need a URL.
RESPONSE_BYTES = 20_000
Step = tuple[str, int] | tuple[str, str] | tuple[str, str, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 2 * TTL_SECONDS)),
        st.tuples(st.just("publish"), st.sampled_from(VERSIONS)),
        st.tuples(st.just("read"), st.sampled_from(URLS)),
    ),
    min_size=5,
    max_size=30,
)


@pytest.fixture(autouse=True)
def _small_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.hub.use_cases.expand_components.RESPONSE_MAX_BYTES", RESPONSE_BYTES)


def hub_with_new_urls() -> Hub:
    """Return a hub whose blob store signs a different URL each time, as S3 does each second."""
    hub, number = Hub(), count()
    hub.blobs.download_url = (  # type: ignore[method-assign]
        lambda ref: f"https://blobs.invalid/{ref.sha256}?signed={next(number)}"
    )
    return hub


def publish(api: Gateway, version: str) -> Answer:
    body = book(version, ttl_sec=TTL_SECONDS, as_of=format_instant(START), realized_returns=RETURNS[version])
    return post(api, body)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_two_different_bodies_of_one_url_never_share_a_strong_tag(steps: list[Any]) -> None:
    hub = hub_with_new_urls()
    api = hub.gateway()
    bodies: dict[tuple[str, str], str] = {}
    held: dict[str, str] = {}
    for action, value in steps:
        if action == "wait":
            hub.clock.advance(seconds=value)
        elif action == "publish":
            publish(api, value)
        else:
            answer = api("GET", value)
            if answer.status == 200:
                etag = answer.headers["etag"]
                assert bodies.setdefault((value, etag), answer.body) == answer.body
                held[value] = etag
            if value in held:
                again = api("GET", value, headers={"If-None-Match": held[value]})
                assert again.status != 304 or bodies[value, held[value]] == answer.body


def test_the_plain_representation_keeps_the_content_hash_as_its_tag(api: Gateway) -> None:
    published = publish(api, "inline")
    quoted = f'"{published.json["content_hash"]}"'
    assert published.headers["etag"] == quoted
    for url in (
        f"{SNAPSHOTS}/latest",
        f"{SNAPSHOTS}/lookup?version=inline",
        f"{SNAPSHOTS}/latest?expand=true",
    ):
        assert api("GET", url).headers["etag"] == quoted, url


def test_snapshot_that_expired_since_the_last_read_is_200_not_304(api: Gateway, hub: Hub) -> None:
    publish(api, "inline")
    url = f"{SNAPSHOTS}/latest?include_expired=true"
    fresh = api("GET", url)
    hub.clock.advance(seconds=TTL_SECONDS)
    stale = api("GET", url, headers={"If-None-Match": fresh.headers["etag"]})
    assert (stale.status, stale.json["expired"]) == (200, True)
    assert api("GET", url, headers={"If-None-Match": stale.headers["etag"]}).status == 304


def test_repeated_post_after_expiry_has_another_etag(api: Gateway, hub: Hub) -> None:
    first = publish(api, "inline")
    hub.clock.advance(seconds=TTL_SECONDS)
    replay = publish(api, "inline")
    assert (replay.status, replay.json["expired"]) == (200, True)
    assert replay.headers["etag"] != first.headers["etag"]


def test_expanded_response_has_another_etag_than_the_plain_one(api: Gateway) -> None:
    publish(api, "small")
    plain, expanded = (api("GET", f"{SNAPSHOTS}/latest?expand={expand}") for expand in ("false", "true"))
    assert plain.headers["etag"] != expanded.headers["etag"]
    held = {"If-None-Match": plain.headers["etag"]}
    assert api("GET", f"{SNAPSHOTS}/latest?expand=true", headers=held).status == 200
    held = {"If-None-Match": expanded.headers["etag"]}
    assert api("GET", f"{SNAPSHOTS}/latest?expand=true", headers=held).status == 304


def test_response_with_a_signed_url_is_never_304_and_must_not_be_cached(hub: Hub) -> None:
    api = hub_with_new_urls().gateway()
    publish(api, "large")
    url = f"{SNAPSHOTS}/latest?expand=true"
    first = api("GET", url)
    second = api("GET", url, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status, second.status) == (200, 200)
    assert first.headers["etag"] != second.headers["etag"]
    assert first.headers["cache-control"] == second.headers["cache-control"] == DO_NOT_STORE
    assert hub.snapshots.rows == {}


@pytest.mark.parametrize(
    "path",
    [
        f"{SNAPSHOTS}/latest",
        f"{SNAPSHOTS}/latest?known_at={format_instant(START)}",
        f"{SNAPSHOTS}/lookup?version=inline",
        SNAPSHOTS,
        "/risk-hub/worlds",
        "/risk-hub/worlds/w1/exit-policy?stage=paper",
        "/risk-hub/contract",
        "/risk-hub/health",
    ],
)
def test_a_cache_must_revalidate_every_read(api: Gateway, path: str) -> None:
    publish(api, "inline")
    answer = api("GET", path)
    assert (answer.status, answer.headers["cache-control"]) == (200, REVALIDATE)


def test_a_304_has_the_headers_that_its_200_has(api: Gateway) -> None:
    publish(api, "inline")
    url = f"{SNAPSHOTS}/latest?known_at={format_instant(START)}"
    full = api("GET", url)
    held = api("GET", url, headers={"If-None-Match": full.headers["etag"]})
    assert held.status == 304
    for name in ("etag", "cache-control", "risk-hub-settled"):
        assert held.headers[name] == full.headers[name]


@pytest.mark.parametrize("path", [f"{SNAPSHOTS}/latest", f"{SNAPSHOTS}/latest?limit=0", "/risk-hub/nothing"])
def test_error_responses_must_not_be_cached(api: Gateway, path: str) -> None:
    answer = api("GET", path)
    assert answer.status >= 400
    assert answer.headers["cache-control"] == DO_NOT_STORE
