"""GET over HTTP: latest, lookup, list, history and knowledge time."""

import string
from datetime import timedelta
from typing import Any

import pytest

from functions.hub.domain.cursor import encode_cursor
from functions.hub.use_cases.read_snapshots import cursor_query
from risk_hub_contracts.api.queries import ListQuery
from risk_hub_contracts.base.limits import KNOWN_AT_SETTLE_SECONDS
from risk_hub_contracts.base.times import format_instant
from tests.fakes.clock import START
from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post


def iso(minutes: float) -> str:
    return format_instant(START + timedelta(minutes=minutes))


def publish(
    api: Gateway, hub: Hub, version: str, minute: float, as_of: float | None = None, **fields: Any
) -> None:
    hub.clock.now = START + timedelta(minutes=minute)
    assert post(api, book(version, as_of=iso(minute if as_of is None else as_of), **fields)).status == 201


def get(api: Gateway, path: str, **request: Any) -> Any:
    answer = api("GET", f"{SNAPSHOTS}{path}", **request)
    assert answer.status == 200, answer
    return answer.json


def test_latest_is_the_newest_as_of_regardless_of_arrival_order(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "live", 10)
    publish(api, hub, "backfill", 11, as_of=0)
    assert get(api, "/latest")["version"] == "live"


def test_latest_falls_back_to_an_older_one_that_has_not_expired(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "long", 0, ttl_sec=86_400)
    publish(api, hub, "short", 1, ttl_sec=60)
    hub.clock.advance(minutes=1)
    assert get(api, "/latest")["version"] == "long"
    assert get(api, "/latest?include_expired=true")["version"] == "short"
    assert get(api, "/latest?include_expired=true")["expired"] is True


def test_latest_filters_by_stage_and_actor(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0)
    assert post(api, book("v2", as_of=iso(0)), headers={"X-Stage": "live", "X-Actor": "ops"}).status == 201
    assert get(api, "/latest?stage=live")["version"] == "v2"
    assert get(api, "/latest?stage=LIVE")["version"] == "v2"
    assert get(api, "/latest?actor=gateway")["version"] == "v1"
    assert api("GET", f"{SNAPSHOTS}/latest?actor=nobody").slug == "snapshot-not-found"


def test_latest_with_a_matching_etag_is_304_without_a_body(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0)
    etag = api("GET", f"{SNAPSHOTS}/latest").headers["etag"]
    for held in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = api("GET", f"{SNAPSHOTS}/latest", headers={"If-None-Match": held})
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, "", etag)
    assert api("GET", f"{SNAPSHOTS}/latest", headers={"If-None-Match": '"other"'}).status == 200


@pytest.mark.parametrize("listed", ['"other", *', '*, "other"', "*, *", "W/*", '"*"'])
def test_a_star_in_a_list_of_tags_stands_for_no_tag(api: Gateway, hub: Hub, listed: str) -> None:
    publish(api, hub, "v1", 0)
    assert api("GET", f"{SNAPSHOTS}/latest", headers={"If-None-Match": listed}).status == 200
    headers = [("If-None-Match", each) for each in listed.split(",")]
    answer = api("GET", f"{SNAPSHOTS}/latest", extra=headers)
    assert answer.status == 200


def test_404_distinguishes_unknown_empty_and_expired_worlds(api: Gateway, hub: Hub) -> None:
    assert api("GET", f"{SNAPSHOTS}/latest").slug == "world-unknown"
    hub.worlds.register("w1", "live")
    assert api("GET", f"{SNAPSHOTS}/latest").slug == "snapshot-not-found"
    publish(api, hub, "v1", 0)
    hub.clock.advance(minutes=15)
    silent = api("GET", f"{SNAPSHOTS}/latest")
    assert silent.slug == "snapshot-expired"
    assert silent.json["last_expired_at"] == iso(15)


def test_lookup_finds_snapshots_by_version_and_by_as_of(api: Gateway, hub: Hub) -> None:
    for minute in range(3):
        publish(api, hub, f"v{minute}", minute)
    assert get(api, "/lookup?version=v1")["version"] == "v1"
    assert get(api, f"/lookup?as_of={iso(1.5)}")["version"] == "v1"
    assert get(api, f"/lookup?as_of={iso(1)}")["version"] == "v1"
    assert get(api, f"/lookup?as_of={iso(2)}&version=v0")["version"] == "v0"
    assert get(api, "/lookup?as_of=2026-01-05T21:01:30%2B09:00")["version"] == "v1"


def test_lookup_before_the_first_snapshot_names_the_earliest_as_of(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0)
    publish(api, hub, "v2", 1)
    answer = api("GET", f"{SNAPSHOTS}/lookup?as_of={iso(-1)}")
    assert answer.slug == "snapshot-not-found"
    assert answer.json["earliest_as_of"] == iso(0)
    assert iso(0) in answer.json["detail"]
    assert answer.json["remedy"].startswith("Send an as_of at or after `earliest_as_of`")
    assert get(api, f"/lookup?as_of={answer.json['earliest_as_of']}")["version"] == "v1"


def test_earliest_as_of_respects_the_other_filters(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "old", 0, ttl_sec=60)
    publish(api, hub, "new", 5)
    late, before = iso(4), f"{SNAPSHOTS}/lookup?as_of={iso(-1)}"
    assert api("GET", before).json["earliest_as_of"] == iso(5)
    assert api("GET", f"{before}&include_expired=true").json["earliest_as_of"] == iso(0)
    assert api("GET", f"{before}&known_at={late}&include_expired=true").json["earliest_as_of"] == iso(0)
    assert "earliest_as_of" not in api("GET", f"{before}&stage=live").json
    assert "earliest_as_of" not in api("GET", f"{SNAPSHOTS}/latest?stage=live").json


def test_lookup_with_expired_names_the_earliest_as_of_of_an_expired_world(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0, ttl_sec=60)
    hub.clock.advance(hours=1)
    answer = api("GET", f"{SNAPSHOTS}/lookup?as_of={iso(-1)}&include_expired=true")
    assert (answer.slug, answer.json["earliest_as_of"]) == ("snapshot-not-found", iso(0))
    assert api("GET", f"{SNAPSHOTS}/lookup?as_of={iso(-1)}").slug == "snapshot-expired"


def test_expired_version_is_404_unless_include_expired(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0)
    hub.clock.advance(minutes=20)
    expired = api("GET", f"{SNAPSHOTS}/lookup?version=v1")
    assert (expired.status, expired.slug) == (404, "snapshot-expired")
    assert expired.json["last_expired_at"] == iso(15)
    assert get(api, "/lookup?version=v1&include_expired=true")["expired"] is True
    assert api("GET", f"{SNAPSHOTS}/lookup?version=v9").slug == "snapshot-not-found"


@pytest.mark.parametrize("other_filter", ["stage=live", "actor=nobody", f"known_at={iso(-1)}"])
@pytest.mark.parametrize("history", ["", "&include_expired=true"])
def test_expired_version_that_another_filter_excludes_is_not_found_instead_of_expired(
    api: Gateway, hub: Hub, other_filter: str, history: str
) -> None:
    publish(api, hub, "v1", 0)
    hub.clock.advance(minutes=20)
    answer = api("GET", f"{SNAPSHOTS}/lookup?version=v1&{other_filter}{history}")
    assert (answer.status, answer.slug) == (404, "snapshot-not-found")
    assert "last_expired_at" not in answer.json


def test_inv_08_read_with_a_past_known_at_never_changes(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0)
    hub.clock.advance(minutes=1)
    known = iso(1)
    urls = [f"/latest?known_at={known}", f"/lookup?as_of={iso(5)}&known_at={known}", f"?known_at={known}"]
    before = [get(api, url) for url in urls]
    publish(api, hub, "correction", 2, as_of=0.5)
    publish(api, hub, "next", 3)
    hub.clock.advance(hours=9)
    assert [get(api, url) for url in urls] == before
    assert before[0]["version"] == "v1"
    assert before[0]["expired"] is False


def test_inv_08_404_with_a_past_known_at_never_changes(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0, ttl_sec=60)
    hub.clock.advance(minutes=30)
    urls = [f"{SNAPSHOTS}/latest?known_at={iso(minute)}" for minute in (-1, 2)]
    before = [api("GET", url).body for url in urls]
    assert [api("GET", url).slug for url in urls] == ["snapshot-not-found", "snapshot-expired"]
    publish(api, hub, "v2", 31, ttl_sec=86_400)
    assert [api("GET", url).body for url in urls] == before


def test_known_at_hides_versions_published_later(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 5)
    assert api("GET", f"{SNAPSHOTS}/lookup?version=v1&known_at={iso(4)}").slug == "snapshot-not-found"
    assert get(api, f"/lookup?version=v1&known_at={iso(5)}")["version"] == "v1"


def test_read_with_known_at_states_whether_it_is_settled(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0)
    url = f"{SNAPSHOTS}/latest?known_at={iso(0)}"
    hub.clock.advance(seconds=KNOWN_AT_SETTLE_SECONDS - 1)
    assert api("GET", url).headers["risk-hub-settled"] == "false"
    hub.clock.advance(seconds=1)
    assert api("GET", url).headers["risk-hub-settled"] == "true"
    assert "risk-hub-settled" not in api("GET", f"{SNAPSHOTS}/latest").headers


@pytest.mark.parametrize("url", ["/latest?", "/lookup?version=v1&", "/latest/risk?", "/latest/stress?"])
def test_404_with_known_at_states_whether_it_is_settled(api: Gateway, hub: Hub, url: str) -> None:
    publish(api, hub, "v1", 5)
    known_at = hub.clock.now - timedelta(seconds=KNOWN_AT_SETTLE_SECONDS - 1)
    requested = f"{SNAPSHOTS}{url}known_at={format_instant(known_at)}"
    absent = api("GET", requested)
    assert (absent.status, absent.headers["risk-hub-settled"]) == (404, "false")
    hub.clock.advance(seconds=1)
    assert api("GET", requested).headers["risk-hub-settled"] == "true"
    assert api("HEAD", requested).headers["risk-hub-settled"] == "true"
    assert "risk-hub-settled" not in api("GET", f"{SNAPSHOTS}/lookup?version=v2").headers


def test_known_at_in_the_future_is_refused(api: Gateway) -> None:
    answer = api("GET", f"{SNAPSHOTS}/latest?known_at={iso(1)}")
    assert (answer.status, answer.slug, answer.pointers) == (400, "invalid-query", ["/known_at"])


def test_list_pages_return_every_snapshot_newest_first(api: Gateway, hub: Hub) -> None:
    for minute in range(7):
        publish(api, hub, f"v{minute}", minute)
    seen: list[str] = []
    cursor = ""
    pages = 0
    while True:
        page = get(api, f"?limit=3{cursor}")
        seen += [snapshot["version"] for snapshot in page["snapshots"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"v{minute}" for minute in reversed(range(7))]
    assert pages == 3


def test_exactly_full_last_page_has_no_cursor(api: Gateway, hub: Hub) -> None:
    for minute in range(3):
        publish(api, hub, f"v{minute}", minute)
    assert get(api, "?limit=3")["next_cursor"] is None


def test_list_applies_period_and_order_before_the_limit(api: Gateway, hub: Hub) -> None:
    for minute in range(6):
        publish(api, hub, f"v{minute}", minute)
    inside = get(api, f"?from={iso(1)}&to={iso(4)}&order=asc&limit=2")
    assert [snapshot["version"] for snapshot in inside["snapshots"]] == ["v1", "v2"]
    rest = get(api, f"?from={iso(1)}&to={iso(4)}&order=asc&limit=2&cursor={inside['next_cursor']}")
    assert [snapshot["version"] for snapshot in rest["snapshots"]] == ["v3", "v4"]
    assert rest["next_cursor"] is None


def test_list_of_an_empty_world_is_one_empty_page(api: Gateway) -> None:
    assert get(api, "") == {"snapshots": [], "next_cursor": None}


def test_a_cursor_is_bound_to_its_query(api: Gateway, hub: Hub) -> None:
    for minute in range(3):
        publish(api, hub, f"v{minute}", minute)
    cursor = get(api, "?limit=1")["next_cursor"]
    assert get(api, f"?limit=2&cursor={cursor}")["snapshots"][0]["version"] == "v1"
    for url in (
        f"{SNAPSHOTS}?limit=1&stage=paper&cursor={cursor}",
        f"{SNAPSHOTS}?limit=1&order=asc&cursor={cursor}",
        f"/risk-hub/worlds/w2/snapshots?limit=1&cursor={cursor}",
        f"{SNAPSHOTS}?limit=1&cursor={cursor[:-2]}",
        f"{SNAPSHOTS}?limit=1&cursor=AAAA{cursor[4:]}",
        f"{SNAPSHOTS}?limit=1&cursor=%00",
    ):
        answer = api("GET", url)
        assert answer.status == 400, url
        assert answer.slug in {"cursor-invalid", "invalid-query"}


ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


@pytest.mark.parametrize("version", ["v", "v1", "v12"])
def test_only_the_exact_issued_cursor_text_is_accepted(api: Gateway, hub: Hub, version: str) -> None:
    """Base64 decodes up to sixteen different last characters to the same bytes, and accepts padding."""
    publish(api, hub, version, 1)
    publish(api, hub, "older", 0)
    cursor = get(api, "?limit=1")["next_cursor"]
    variants = {cursor[:-1] + last for last in ALPHABET} | {f"{cursor}=", f"{cursor}==", f"{cursor}A"}
    taken = {each for each in variants if api("GET", f"{SNAPSHOTS}?limit=1&cursor={each}").status == 200}
    assert taken == {cursor}


@pytest.mark.parametrize(
    "position", ["", "\x00", "\ue000", "v1", "2026-01-05T12:00:00.000000Z", f"{iso(0)}|{iso(0)}|"]
)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_inv_11_forged_snapshot_list_cursor_is_400(api: Gateway, hub: Hub, position: str, order: str) -> None:
    publish(api, hub, "v1", 0)
    question = cursor_query("w1", ListQuery.model_validate({"order": order}))
    genuine, forged = encode_cursor(question, f"{iso(0)}|{iso(0)}|v1"), encode_cursor(question, position)
    assert api("GET", f"{SNAPSHOTS}?order={order}&cursor={genuine}").status == 200
    answer = api("GET", f"{SNAPSHOTS}?order={order}&cursor={forged}")
    assert (answer.status, answer.slug) == (400, "cursor-invalid")


@pytest.mark.parametrize(
    ("url", "pointer"),
    [
        ("?limit=0", "/limit"),
        ("?limit=-1", "/limit"),
        ("?limit=101", "/limit"),
        ("?limit=1000000000", "/limit"),
        ("?limit=1.5", "/limit"),
        ("?limit=", "/limit"),
        ("?limit=1&limit=2", "/limit"),
        ("?order=up", "/order"),
        ("?from=2026-01-05", "/from"),
        ("?typo=1", "/typo"),
        ("/latest?known_at=yesterday", "/known_at"),
        ("/latest?include_expired=1", "/include_expired"),
        ("/latest?expand=maybe", "/expand"),
        ("/latest?stage=a%20b", "/stage"),
        ("/lookup?as_of=2026-01-05T12:00:00", "/as_of"),
        ("/lookup?version=%20", "/version"),
        ("/lookup", None),
    ],
)
def test_a_bad_query_is_400_with_the_parameter(api: Gateway, url: str, pointer: str | None) -> None:
    answer = api("GET", f"{SNAPSHOTS}{url}")
    assert (answer.status, answer.slug) == (400, "invalid-query")
    assert pointer is None or answer.pointers == [pointer]


@pytest.mark.parametrize("path", ["", "/latest", "/lookup?version=v1", "/v1/risk"])
def test_reads_need_a_token_with_the_read_scope(api: Gateway, hub: Hub, path: str) -> None:
    assert api("GET", f"{SNAPSHOTS}{path}", headers={"Authorization": None}).slug == "unauthenticated"
    write_only = f"Bearer {hub.tokens.issue(['snapshots:write'])}"
    assert api("GET", f"{SNAPSHOTS}{path}", headers={"Authorization": write_only}).slug == "forbidden-scope"


def test_expand_returns_the_original_component(api: Gateway, hub: Hub) -> None:
    ids = [f"A{i:02}" for i in range(12)]
    upper = [1.0 if i == j else (i + j) / 70 for i in range(12) for j in range(i, 12)]
    weights = dict.fromkeys(ids, 1 / 12)
    publish(api, hub, "v1", 0, weights=weights, covariance={"ids": ids, "upper": upper})
    assert "covariance" not in get(api, "/latest")
    expanded = get(api, "/latest?expand=true")
    assert expanded["covariance"] == {"ids": ids, "upper": upper}
    assert "covariance_ref" not in expanded


def test_f16_damaged_or_missing_blob_is_424_on_expand(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0, realized_returns=[0.001] * 600)
    (ref,) = hub.blobs.objects
    hub.blobs.objects[ref] = ("realized_returns", b"rsh1 realized_returns {}\n")
    damaged = api("GET", f"{SNAPSHOTS}/latest?expand=true")
    assert (damaged.status, damaged.slug) == (424, "blob-unavailable")
    assert damaged.json["ref"]["ref"] == ref
    del hub.blobs.objects[ref]
    assert api("GET", f"{SNAPSHOTS}/latest?expand=true").slug == "blob-unavailable"
    assert get(api, "/latest")["version"] == "v1"


def test_expand_gives_a_download_url_for_a_component_over_the_response_limit(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.hub.use_cases.expand_components.RESPONSE_MAX_BYTES", 2_000)
    publish(api, hub, "v1", 0, realized_returns=[0.001] * 600)
    expanded = get(api, "/latest?expand=true")
    assert expanded["realized_returns_ref"]["download_url"].startswith("https://")
    assert "realized_returns" not in expanded


def test_risk_report_of_an_unknown_or_unevaluated_version_is_404(api: Gateway, hub: Hub) -> None:
    publish(api, hub, "v1", 0)
    assert api("GET", f"{SNAPSHOTS}/v9/risk").slug == "snapshot-not-found"
    assert api("GET", f"{SNAPSHOTS}/v1/risk").slug == "risk-not-found"


@pytest.mark.parametrize("path", ["lookup?version=v9", "v9/risk", "v9/stress"])
def test_the_remedy_for_a_missing_version_names_the_list_of_versions(api: Gateway, path: str) -> None:
    assert post(api).status == 201
    answer = api("GET", f"{SNAPSHOTS}/{path}")
    assert answer.slug == "snapshot-not-found"
    assert "Check the world id and the version" in answer.json["remedy"]


@pytest.mark.parametrize(
    "path",
    ["/risk-hub/worlds/a%20b/snapshots/latest", f"{SNAPSHOTS}/a%20b/risk", "/risk-hub/worlds/w1/blobs/x"],
)
def test_remedy_for_an_invalid_path_value_mentions_the_path(api: Gateway, path: str) -> None:
    answer = api("GET", path)
    assert answer.slug == "contract-violation"
    assert answer.json["remedy"].startswith("Correct the value in the path")


def test_the_contract_is_served_with_its_limits_and_health_without_a_token(api: Gateway, hub: Hub) -> None:
    contract = api("GET", "/risk-hub/contract")
    assert contract.status == 200
    assert contract.json["limits"]["inline_cov_threshold"] == 100
    assert contract.json["stages"] == ["backtest", "live", "paper"]
    assert api("GET", "/risk-hub/contract", headers={"Authorization": None}).slug == "unauthenticated"
    assert api("GET", "/risk-hub/health", headers={"Authorization": None}).json["status"] == "ok"
    assert hub.snapshots.rows == {}


def test_an_unknown_route_is_a_404_problem(api: Gateway) -> None:
    assert api("GET", "/risk-hub/nothing").slug == "not-found"
    assert api("GET", f"{SNAPSHOTS}/latest/more").slug == "not-found"
