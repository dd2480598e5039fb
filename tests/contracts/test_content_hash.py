import json
import random
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.write import digest, encode_covariance
from tests.contracts.samples import BUCKET, WORLD_ID, asset_ids, json_values, parse, texts, with_fields

number = st.floats(-1e6, 1e6) | st.integers(-1000, 1000)
constraints = st.dictionaries(texts, json_values, max_size=4)
seeds = st.integers(0, 2**32)


@st.composite
def books(draw: st.DrawFn) -> dict[str, float]:
    ids = draw(st.lists(asset_ids, min_size=1, max_size=6, unique=True))
    rest = [draw(st.floats(-1, 1)) for _ in ids[1:]]
    return dict(zip(ids, [1 - sum(rest), *rest], strict=True))


@st.composite
def matrices(draw: st.DrawFn) -> tuple[list[str], list[list[float]]]:
    """Ids, and a symmetric, diagonally dominant matrix over them."""
    ids = draw(st.lists(asset_ids.filter(lambda name: ":" not in name), min_size=1, max_size=5, unique=True))
    rows = [[0.0] * len(ids) for _ in ids]
    for i in range(len(ids)):
        rows[i][i] = draw(st.floats(1, 2))
        for j in range(i):
            rows[i][j] = rows[j][i] = draw(st.floats(-1, 1))
    return ids, rows


def hash_of(body: Mapping[str, Any] | bytes) -> str:
    return parse(body).content_hash


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same JSON value, its objects in another order."""
    if isinstance(value, dict):
        members = [(key, shuffled(child, chance)) for key, child in value.items()]
        chance.shuffle(members)
        return dict(members)
    return [shuffled(child, chance) for child in value] if isinstance(value, list) else value


def respelled(value: Any) -> Any:
    """The same JSON value, with 1 for 1.0, 1.0 for 1 and -0.0 for 0."""
    if isinstance(value, dict):
        return {key: respelled(child) for key, child in value.items()}
    if isinstance(value, list):
        return [respelled(child) for child in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if value == 0:
        return -0.0
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return float(value) if abs(value) < 2**53 else value


def small(value: Any) -> bool:
    """Return whether a value passes the limits on depth and numbers."""
    return "e+" not in (text := json.dumps(value)) and text.count("[") + text.count("{") < 30


@given(books(), constraints.filter(small), seeds)
def test_content_hash_ignores_key_order_and_number_notation(
    weights: dict[str, float],
    limits: dict[str, Any],
    seed: int,
) -> None:
    body = with_fields(weights=weights, constraints=limits, provenance={"run": limits})
    other = respelled(shuffled(body, random.Random(seed)))
    assert hash_of(other) == hash_of(body)


@given(books())
def test_content_hash_ignores_white_space_and_escapes(weights: dict[str, float]) -> None:
    body = with_fields(weights=weights)
    assert hash_of(json.dumps(body, indent=3, ensure_ascii=True).encode()) == hash_of(body)


@given(st.sampled_from(["Z", "z", "+00:00", "-00:00", ".0Z", ".000000+00:00"]))
def test_content_hash_ignores_the_notation_of_utc(zone: str) -> None:
    assert hash_of(with_fields(as_of=f"2025-01-01T00:00:00{zone}")) == hash_of(with_fields())


@given(matrices(), seeds)
def test_all_covariance_forms_have_the_same_content_hash(
    matrix: tuple[list[str], list[list[float]]],
    seed: int,
) -> None:
    ids, rows = matrix
    chance, count = random.Random(seed), range(len(ids))
    weights = dict.fromkeys(ids, 1 / len(ids))
    order = chance.sample(count, len(ids))
    pairs = [(i, j) if chance.random() < 0.5 else (j, i) for i in count for j in count if i <= j]
    chance.shuffle(pairs)
    forms: list[Any] = [
        {"ids": ids, "matrix": rows},
        {"ids": [ids[i] for i in order], "matrix": [[rows[i][j] for j in order] for i in order]},
        {"ids": ids, "upper": [rows[i][j] for i in count for j in count if i <= j]},
        {f"{ids[i]},{ids[j]}": rows[i][j] for i, j in pairs},
        {f"{ids[i]}:{ids[j]}": rows[i][j] for i, j in pairs},
        {f"{ids[i]}{chance.choice(',:')}{ids[j]}": rows[i][j] for i in count for j in count},
    ]
    inline = [parse(with_fields(weights=weights, covariance=form)) for form in forms]
    component = inline[0].component("covariance")
    assert component is not None
    uri = f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{component.sha256}"
    by_ref = parse(with_fields(weights=weights, covariance_ref=uri))
    assert {snapshot.content_hash for snapshot in (*inline, by_ref)} == {by_ref.content_hash}


@given(matrices())
def test_changing_any_covariance_entry_changes_the_content_hash(
    matrix: tuple[list[str], list[list[float]]],
) -> None:
    ids, rows = matrix
    weights = dict.fromkeys(ids, 1 / len(ids))
    upper = [rows[i][j] for i in range(len(ids)) for j in range(i, len(ids))]
    hashes = {hash_of(with_fields(weights=weights, covariance={"ids": ids, "upper": upper}))}
    diagonal = {i * len(ids) - i * (i - 1) // 2 for i in range(len(ids))}
    for index in range(len(upper)):
        changed = list(upper)
        changed[index] += 0.5 if index in diagonal else -2 * upper[index] or 0.25
        hashes.add(hash_of(with_fields(weights=weights, covariance={"ids": ids, "upper": changed})))
    assert len(hashes) == len(upper) + 1


def test_changing_any_hashed_field_changes_the_content_hash() -> None:
    base = with_fields(covariance={"ids": ["AAPL", "MSFT"], "upper": [1, 0, 1]})
    changes: list[dict[str, Any]] = [
        {"version": "v2"},
        {"as_of": "2025-01-01T00:00:00.000001Z"},
        {"weights": {"AAPL": 0.4, "MSFT": 0.6}},
        {"covariance": {"ids": ["AAPL", "MSFT"], "upper": [1, 0.1, 1]}},
        {"realized_returns": [0.1]},
        {"stress": {}},
        {"constraints": {}},
        {"portfolio": {"cash": 0.0}},
        {"realized_returns": [0.1], "returns_meta": {"dates": ["2024-12-31"]}},
        {"realized_returns": [0.1], "returns_meta": {"frequency": "daily"}},
        {"covariance_meta": {"observations": 1}},
        {"portfolio_returns": {"returns": [0.1]}},
        {"portfolio_returns": {"returns": [0.1], "dates": ["2024-12-31"]}},
        {"risk": {"missing": "complete_case"}},
        {"ttl_sec": 901},
        {"provenance": {"run": 1}},
    ]
    hashes = {hash_of({**base, **change}) for change in (*changes, {})}
    hashes |= {parse(base, actor="other").content_hash, parse(base, stage="live").content_hash}
    hashes |= {parse(base, world_id="other").content_hash}
    assert len(hashes) == len(changes) + 4


def test_content_hash_is_accepted_as_the_claimed_hash() -> None:
    assert hash_of(with_fields(hash=hash_of(with_fields()))) == hash_of(with_fields())


def test_offloading_preserves_content_hash_and_values() -> None:
    snapshot = parse(with_fields(covariance={"ids": ["MSFT", "AAPL"], "upper": [1, 0.25, 2]}))
    data = encode_covariance(["AAPL", "MSFT"], [2, 0.25, 1])
    uri = f"s3://{BUCKET}/risk-blobs/{WORLD_ID}/{digest(data)}"
    ref = BlobRef(ref=uri, sha256=digest(data), bytes=len(data), kind="covariance")
    offloaded = snapshot.with_refs({"covariance": ref})
    assert offloaded.to_document()["covariance_ref"] == ref.model_dump()
    assert "covariance" not in offloaded.to_document()
    assert decode(data).document() == snapshot.to_document()["covariance"]
    assert hash_of({**offloaded.to_document(), "provenance": {}}) == snapshot.content_hash
