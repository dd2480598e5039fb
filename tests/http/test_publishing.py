"""POST over HTTP: created, replayed, refused; and the order of the refusals."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from functions.hub.domain.offload import OffloadPolicy
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Dependency, DependencyUnavailableError, PutOutcome
from risk_hub_contracts.base.limits import BODY_MAX_BYTES
from tests.fakes.clock import START
from tests.fakes.gateway import Answer, Gateway, proxy_event
from tests.fakes.hub import SNAPSHOTS, Hub, book, post

MATRIX_11 = {
    "ids": [f"A{i:02}" for i in range(11)],
    "matrix": [[1.0 if i == j else 0.1 for j in range(11)] for i in range(11)],
}
ELEVEN = {f"A{i:02}": 1 / 11 for i in range(11)}


def test_a_new_snapshot_is_201_with_location_and_etag(api: Gateway) -> None:
    answer = post(api)
    assert answer.status == 201
    assert answer.json["content_hash"].startswith("sha256:")
    assert answer.headers["etag"] == f'"{answer.json["content_hash"]}"'
    assert api("GET", answer.headers["location"]).json == answer.json
    assert answer.json["provenance"] == {"actor": "gateway", "stage": "paper"}
    assert answer.json["created_at"] == "2026-01-05T12:00:00.000000Z"
    assert answer.json["expires_at"] == "2026-01-05T12:15:00.000000Z"
    assert answer.json["as_of"] == "2026-01-05T11:59:00Z"
    assert answer.json["as_of_utc"] == "2026-01-05T11:59:00.000000Z"


def test_inv_02_repeated_post_is_200_with_the_first_record(api: Gateway, hub: Hub) -> None:
    first = post(api)
    hub.clock.advance(minutes=3)
    again = post(api, book(as_of="2026-01-05T20:59:00+09:00", weights={"MSFT": 0.4, "AAPL": 0.6}))
    assert again.status == 200
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json == first.json
    assert "idempotency-replayed" not in first.headers


def test_repeated_post_after_expiry_is_marked_expired_and_not_refreshed(api: Gateway, hub: Hub) -> None:
    first = post(api)
    hub.clock.advance(hours=1)
    again = post(api)
    assert again.status == 200
    assert again.json == {**first.json, "expired": True}
    assert api("GET", f"{SNAPSHOTS}/latest").status == 404


def test_inv_01_other_content_under_the_same_version_is_409_with_both_hashes(api: Gateway) -> None:
    first = post(api)
    conflict = post(api, book(weights={"AAPL": 0.5, "MSFT": 0.5}))
    assert (conflict.status, conflict.slug) == (409, "version-conflict")
    assert conflict.json["stored_hash"] == first.json["content_hash"]
    assert conflict.json["offered_hash"].startswith("sha256:")
    assert conflict.json["offered_hash"] != conflict.json["stored_hash"]
    assert api("GET", first.headers["location"]).json == first.json


def test_same_version_from_another_actor_or_stage_is_a_conflict(api: Gateway) -> None:
    post(api)
    assert post(api, headers={"X-Actor": "risk-engine"}).slug == "version-conflict"
    assert post(api, headers={"X-Stage": "live"}).slug == "version-conflict"


def test_inv_09_a_refused_write_leaves_nothing_visible(api: Gateway, hub: Hub) -> None:
    assert post(api, book(weights={"AAPL": 0.5})).status == 422
    assert hub.snapshots.rows == {}
    assert hub.blobs.objects == {}
    assert api("GET", f"{SNAPSHOTS}/latest").slug == "world-unknown"


def test_large_components_are_offloaded_and_small_ones_stay_inline(api: Gateway, hub: Hub) -> None:
    answer = post(api, book(weights=ELEVEN, covariance=MATRIX_11, realized_returns=[0.01] * 100))
    assert answer.status == 201
    ref = answer.json["covariance_ref"]
    assert ref["ref"] == f"s3://blobs/risk-blobs/w1/{ref['sha256']}"
    assert ref["kind"] == "covariance"
    assert hub.blobs.objects[ref["ref"]][1].startswith(b"rsh1 covariance ")
    assert ref["bytes"] == len(hub.blobs.objects[ref["ref"]][1])
    assert "covariance" not in answer.json
    assert answer.json["realized_returns"] == [0.01] * 100


@pytest.mark.parametrize(("points", "stays"), [(101, True), (250, True), (500, True), (512, False)])
def test_returns_of_at_most_4096_bytes_stay_inline_with_the_hash_of_a_reference(
    api: Gateway,
    hub: Hub,
    points: int,
    stays: bool,  # noqa: FBT001
) -> None:
    body = book(realized_returns=[number / 7e3 for number in range(points)])
    answer = post(api, body)
    assert ("realized_returns" in answer.json) is stays
    assert (hub.blobs.objects == {}) is stays
    assert api("GET", f"{SNAPSHOTS}/latest").json["content_hash"] == answer.json["content_hash"]
    offloading = OffloadPolicy(enabled=True, inline_threshold_entries=100, inline_returns_max_bytes=0)
    other = post(Hub(offload=offloading).gateway(), body)
    assert other.json["content_hash"] == answer.json["content_hash"]
    assert "realized_returns_ref" in other.json


def test_disabled_offload_keeps_components_inline_with_the_same_hash(hub: Hub, api: Gateway) -> None:
    body = book(weights=ELEVEN, covariance=MATRIX_11)
    offloaded = post(api, body)
    inline_hub = Hub(offload=OffloadPolicy(enabled=False, inline_threshold_entries=100))
    inline = post(inline_hub.gateway(), body)
    assert inline.json["covariance"]["ids"] == MATRIX_11["ids"]
    assert inline_hub.blobs.objects == {}
    assert inline.json["content_hash"] == offloaded.json["content_hash"]
    assert hub.blobs.objects


def test_post_by_reference_to_the_offloaded_blob_repeats_the_inline_post(api: Gateway) -> None:
    inline = post(api, book(weights=ELEVEN, covariance=MATRIX_11))
    by_ref = post(api, book(weights=ELEVEN, covariance_ref=inline.json["covariance_ref"]))
    assert by_ref.status == 200
    assert by_ref.json == inline.json
    plain = post(api, book(weights=ELEVEN, covariance_ref=inline.json["covariance_ref"]["ref"]))
    assert plain.status == 200


def test_a_repeated_stage_header_is_refused_as_repeated(api: Gateway) -> None:
    answer = api("POST", SNAPSHOTS, book(), extra=[("X-Stage", "paper")])
    assert (answer.status, answer.slug) == (400, "stage-invalid")
    assert answer.json["detail"].startswith("send exactly one header: X-Stage must be one of ")


def test_reference_to_a_missing_blob_is_refused_with_its_pointer(api: Gateway) -> None:
    ref = {
        "ref": f"s3://blobs/risk-blobs/w1/{'a' * 64}",
        "sha256": "a" * 64,
        "bytes": 10,
        "kind": "covariance",
    }
    answer = post(api, book(covariance_ref=ref))
    assert (answer.status, answer.slug, answer.pointers) == (422, "ref-invalid", ["/covariance_ref"])


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("covariance_ref", {"bytes": 7}),
        ("realized_returns_ref", {"kind": "realized_returns"}),
    ],
)
def test_a_reference_that_the_store_contradicts_is_refused(
    api: Gateway, field: str, change: dict[str, Any]
) -> None:
    ref = post(api, book(weights=ELEVEN, covariance=MATRIX_11)).json["covariance_ref"]
    answer = post(api, book("v2", weights=ELEVEN, **{field: {**ref, **change}}))
    assert (answer.status, answer.slug) == (422, "ref-invalid")
    assert answer.pointers[0].startswith(f"/{field}")


def test_a_reference_into_another_world_is_refused(api: Gateway) -> None:
    ref = post(api, book(weights=ELEVEN, covariance=MATRIX_11)).json["covariance_ref"]
    other = api("POST", "/risk-hub/worlds/w2/snapshots", book(weights=ELEVEN, covariance_ref=ref))
    assert (other.status, other.slug) == (422, "ref-invalid")


ORDER: list[tuple[str, Callable[[Gateway, Hub], dict[str, Any]], int, str]] = [
    (
        "401 before all",
        lambda _a, _h: {"headers": {"Authorization": "Bearer nobody"}},
        401,
        "unauthenticated",
    ),
    (
        "403 scope before actor",
        lambda _a, h: {"headers": {"Authorization": f"Bearer {h.tokens.issue(['snapshots:read'])}"}},
        403,
        "forbidden-scope",
    ),
    (
        "403 actor before the stage",
        lambda _a, h: {
            "headers": {
                "Authorization": f"Bearer {h.tokens.issue(actors=['ops'])}",
                "X-Actor": "gateway",
                "X-Stage": None,
            }
        },
        403,
        "forbidden-actor",
    ),
    (
        "400 actor before the stage",
        lambda _a, _h: {"headers": {"X-Actor": None, "X-Stage": None}},
        400,
        "actor-required",
    ),
    ("400 stage before the world", lambda _a, _h: {"headers": {"X-Stage": "prod"}}, 400, "stage-invalid"),
    (
        "400 world before media type",
        lambda _a, _h: {"headers": {"Content-Type": "text/plain"}},
        400,
        "world-mismatch",
    ),
    ("400 world before the contract", lambda _a, _h: {}, 400, "world-mismatch"),
]


@pytest.mark.parametrize(
    ("request_of", "status", "slug"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER]
)
def test_first_failed_check_in_contract_order_decides_the_problem(
    api: Gateway, hub: Hub, request_of: Callable[[Gateway, Hub], dict[str, Any]], status: int, slug: str
) -> None:
    hopeless = {"world_id": "elsewhere", "version": " ", "weights": {}}
    answer = post(api, hopeless, **request_of(api, hub))
    assert (answer.status, answer.slug) == (status, slug)


def test_413_comes_before_415(api: Gateway) -> None:
    answer = post(api, b" " * (BODY_MAX_BYTES + 1), headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.slug) == (413, "body-too-large")


def test_body_at_the_size_limit_is_accepted(api: Gateway) -> None:
    raw = orjson.dumps(book())
    assert post(api, raw + b" " * (BODY_MAX_BYTES - len(raw))).status == 201


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "text/plain",
        "application/xml",
        "application/json; charset=latin-1",
        "application/json; charset=utf-8; charset=latin-1",
        "application/json; charset",
        'application/json; charset="utf-8',
        "application/json, application/json",
        "application/json charset=utf-8",
        "application/jsonl;",
    ],
)
def test_415_for_anything_but_plain_json(api: Gateway, media_type: str | None) -> None:
    assert post(api, headers={"Content-Type": media_type}).slug == "unsupported-media-type"


def test_415_for_a_compressed_body(api: Gateway) -> None:
    assert post(api, headers={"Content-Encoding": "gzip"}).slug == "unsupported-media-type"


def test_415_for_a_compressed_body_whose_encodings_are_in_two_headers(api: Gateway) -> None:
    encodings = [("Content-Encoding", "identity"), ("Content-Encoding", "gzip")]
    assert post(api, extra=encodings).slug == "unsupported-media-type"
    assert post(api, extra=encodings[:1] * 2).status == 201


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=utf-8",
        "application/json ;charset=utf-8",
        "application/json\t;\tcharset=utf-8 ",
        'application/json; charset="utf-8"',
        'application/json; Charset="UTF-8";',
    ],
)
def test_json_media_types_are_accepted(api: Gateway, media_type: str) -> None:
    assert post(api, headers={"Content-Type": media_type}).status == 201


@pytest.mark.parametrize("parameters", [";", "; ", " ;", ";;", " ; ; charset=utf-8 ;", "; " * 4_000])
def test_empty_parameters_of_the_media_type_are_ignored(api: Gateway, parameters: str) -> None:
    assert post(api, headers={"Content-Type": f"application/json{parameters}"}).status == 201


def test_415_for_an_unknown_charset_after_thousands_of_empty_parameters(api: Gateway) -> None:
    answer = post(api, headers={"Content-Type": f"application/json{'; ' * 4_000}charset=latin-1"})
    assert answer.slug == "unsupported-media-type"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic abc",
        "Bearer a b",
        "Bearer " + "x" * 8192,
        "Bearer tökén",
        "bearer",
    ],
)
def test_missing_or_malformed_bearer_token_is_401(api: Gateway, authorization: str | None) -> None:
    answer = post(api, headers={"Authorization": authorization})
    assert (answer.status, answer.slug) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_authentication_scheme_is_case_insensitive(api: Gateway, scheme: str) -> None:
    token = api.headers["Authorization"].partition(" ")[2]
    assert post(api, headers={"Authorization": f"{scheme} {token}"}).status == 201


def test_401_for_two_authorization_headers(api: Gateway) -> None:
    answer = post(api, extra=[("authorization", api.headers["Authorization"])])
    assert answer.slug == "unauthenticated"


def test_f21_two_tokens_work_in_parallel_and_an_expired_one_is_401(api: Gateway, hub: Hub) -> None:
    second = hub.tokens.issue()
    assert post(api, headers={"Authorization": f"Bearer {second}"}).status == 201
    assert post(api).status == 200
    hub.tokens.live[0] = hub.tokens.live[0].model_copy(update={"not_after": START + timedelta(minutes=1)})
    assert post(api).status == 200
    hub.clock.advance(minutes=1, microseconds=1)
    assert post(api).slug == "unauthenticated"
    assert post(api, headers={"Authorization": f"Bearer {second}"}).status == 200


def test_token_in_the_query_string_is_401(api: Gateway) -> None:
    token = api.headers["Authorization"].partition(" ")[2]
    answer = api("POST", f"{SNAPSHOTS}?token={token}", book(), headers={"Authorization": None})
    assert answer.slug == "unauthenticated"


@pytest.mark.parametrize("actor", ["", " ", "a" * 129, "gäteway", "a\tb"])
def test_400_for_a_malformed_actor(api: Gateway, actor: str) -> None:
    assert post(api, headers={"X-Actor": actor}).slug == "actor-required"


def test_400_for_two_actors(api: Gateway) -> None:
    assert post(api, extra=[("x-actor", "ops")]).slug == "actor-required"


def test_128_character_actor_is_accepted_and_stage_is_lower_cased(api: Gateway) -> None:
    answer = post(api, headers={"X-Actor": "a" * 128, "X-Stage": "LIVE"})
    assert answer.status == 201
    assert answer.json["provenance"] == {"actor": "a" * 128, "stage": "live"}


@pytest.mark.parametrize("world", ["-w", "w%20x", "w%2Fx", "w" * 129, "%C3%A9"])
def test_a_malformed_world_is_refused(api: Gateway, world: str) -> None:
    answer = api("POST", f"/risk-hub/worlds/{world}/snapshots", book())
    assert answer.status in {404, 422}
    assert answer.slug in {"contract-violation", "not-found"}


def test_world_id_with_every_allowed_special_character_is_accepted(api: Gateway) -> None:
    path = "/risk-hub/worlds/W1._:@%2B-z/snapshots"
    assert api("POST", path, book(world_id="W1._:@+-z")).status == 201
    assert api("GET", f"{path}/latest").json["world_id"] == "W1._:@+-z"


def test_base64_body_is_decoded_and_invalid_base64_is_refused(api: Gateway) -> None:
    event = proxy_event("POST", SNAPSHOTS, api.headers.items(), orjson.dumps(book()))
    encoded = {**event, "body": base64.b64encode(orjson.dumps(book())).decode(), "isBase64Encoded": True}
    assert api.send(encoded).status == 201
    assert api.send({**encoded, "body": "***"}).slug == "malformed-json"


def test_body_that_is_not_utf8_is_refused(api: Gateway) -> None:
    assert post(api, b'{"a": "\xff"}').slug == "not-utf8"


@pytest.mark.parametrize("value", [1e126, -1e126, 1_000_001])
def test_a_return_beyond_the_limit_is_refused_with_its_pointer(api: Gateway, value: float) -> None:
    for fields, pointer in (
        ({"realized_returns": [0.1, value]}, "/realized_returns/1"),
        ({"realized_returns": {"AAPL": [value]}}, "/realized_returns/AAPL/0"),
        ({"stress": {"s": {"shocks": {"AAPL": value}}}}, "/stress/s/shocks/AAPL"),
    ):
        answer = post(api, book(**fields))
        assert (answer.slug, answer.pointers) == ("contract-violation", [pointer])


def test_an_empty_body_is_refused(api: Gateway) -> None:
    event = proxy_event("POST", SNAPSHOTS, api.headers.items(), None)
    assert api.send(event).slug == "malformed-json"


def test_correlation_ids_are_kept_when_well_formed_and_replaced_when_not(api: Gateway, hub: Hub) -> None:
    kept = post(api, headers={"X-Correlation-Id": "rebalance/42"})
    assert kept.headers["x-correlation-id"] == "rebalance/42"
    assert hub.snapshots.rows["w1", "v1"].correlation_id == "rebalance/42"
    replaced = post(api, headers={"X-Correlation-Id": "a b"})
    assert replaced.headers["x-correlation-id"] == "lambda-request"


def test_f12_a_store_that_is_down_is_503_with_retry_after(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_snapshot: SnapshotRecord, _retain_until: object) -> PutOutcome:
        raise DependencyUnavailableError(Dependency.SNAPSHOT_STORE, "ThrottlingException")

    monkeypatch.setattr(hub.snapshots, "put_once", fail)
    answer: Answer = post(api)
    assert (answer.status, answer.slug, answer.headers["retry-after"]) == (503, "unavailable", "1")


def test_internal_error_is_a_500_problem_without_the_exception_text(
    api: Gateway, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_snapshot: SnapshotRecord, _retain_until: object) -> PutOutcome:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(hub.snapshots, "put_once", fail)
    answer = post(api)
    assert (answer.status, answer.slug) == (500, "internal")
    assert "hunter2" not in answer.body
