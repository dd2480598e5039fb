"""Metric blocks: finite numbers at paths, with limits on depth and count."""

from typing import Any

import pytest
from pydantic import ValidationError

from risk_hub_contracts.base.limits import METRIC_BLOCKS_MAX_COUNT, METRIC_TREE_MAX_DEPTH, METRICS_MAX_COUNT
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.runs.metric_blocks import KNOWN_BLOCKS, MetricBlocks, metric_paths


def violations(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        MetricBlocks.model_validate(document)
    return [(each.pointer, each.detail) for each in to_violations(caught.value)]


def nested(levels: int, value: Any = 1.0) -> Any:
    for _ in range(levels):
        value = {"a": value}
    return value


def test_numbers_are_found_by_their_paths_and_null_is_left_out() -> None:
    document = {
        "returns": {"sharpe": 1, "sortino": None},
        "stress": {"crash.2008 (long)": {"max_drawdown": 0.2}},
        "live": {"30": {"sharpe": -0.5}},
        "own_block": {"x": 0},
    }
    blocks = MetricBlocks.model_validate(document)
    assert metric_paths(blocks) == {
        "returns.sharpe": 1.0,
        "stress.crash.2008 (long).max_drawdown": 0.2,
        "live.30.sharpe": -0.5,
        "own_block.x": 0.0,
    }
    assert MetricBlocks.model_validate(blocks.document()) == blocks


def test_known_blocks_are_those_of_an_evaluation_run() -> None:
    assert KNOWN_BLOCKS == ("returns", "sample", "risk", "robustness", "diagnostics", "stress", "live")
    assert MetricBlocks().document() == {}


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (float("nan"), "must be within the range of a 64-bit float; this is nan"),
        (float("inf"), "must be within the range of a 64-bit float; this is a number beyond 1e20"),
        (True, "must be a JSON number; this is a boolean"),
        ("1.5", "must be a JSON number; this is a string"),
        ([1.0], "must be a JSON number; this is an array of 1 entry"),
        (1e127, "must be at most 1e+126; this is a number beyond 1e20"),
    ],
)
def test_value_that_is_not_a_finite_number_is_refused_with_its_pointer(value: Any, detail: str) -> None:
    assert violations({"risk": {"tail": {"var_99": value}}}) == [("/risk/tail/var_99", detail)]


def test_block_that_is_not_an_object_is_refused() -> None:
    assert violations({"risk": 3}) == [("/risk", "must be an object; this is 3")]
    assert violations({"other": 3}) == [("/other", "must be an object; this is 3")]


def test_depth_is_accepted_at_its_limit_and_refused_past_it() -> None:
    assert len(metric_paths(MetricBlocks.model_validate({"risk": nested(METRIC_TREE_MAX_DEPTH)}))) == 1
    expected = [("", f"must have at most {METRIC_TREE_MAX_DEPTH} levels of names below a block")]
    assert violations({"risk": nested(METRIC_TREE_MAX_DEPTH + 1)}) == expected
    assert violations({"risk": nested(10_000)}) == expected


def test_number_of_metrics_is_accepted_at_its_limit_and_refused_past_it() -> None:
    many = {f"m{number}": 1.0 for number in range(METRICS_MAX_COUNT)}
    assert len(metric_paths(MetricBlocks.model_validate({"risk": many}))) == METRICS_MAX_COUNT
    assert violations({"risk": many, "live": {"one": 1}}) == [
        ("", f"must have at most {METRICS_MAX_COUNT} metrics")
    ]


def test_number_of_blocks_is_refused_past_its_limit() -> None:
    blocks = {f"b{number}": {"x": 1.0} for number in range(METRIC_BLOCKS_MAX_COUNT)}
    assert len(metric_paths(MetricBlocks.model_validate(blocks))) == METRIC_BLOCKS_MAX_COUNT
    detail = f"must have at most {METRIC_BLOCKS_MAX_COUNT} blocks; this has {METRIC_BLOCKS_MAX_COUNT + 1}"
    assert violations({**blocks, "risk": {"x": 1}}) == [("", detail)]


def test_two_members_with_one_path_are_refused() -> None:
    document = {"stress": {"a": {"b.loss": 1.0}, "a.b": {"loss": 2.0}}}
    assert violations(document) == [("", "two members have the path 'stress.a.b.loss'; keep one")]


@pytest.mark.parametrize("name", ["", " a", "a\n", "\u200b", "x" * 129])
def test_name_that_no_scenario_can_have_is_refused(name: str) -> None:
    ((pointer, _),) = violations({"risk": {name: 1.0}})
    assert pointer.startswith("/risk")


@pytest.mark.parametrize("name", ["Risk", "a-b", "a.b", ""])
def test_name_of_a_further_block_is_refused_unless_it_is_plain(name: str) -> None:
    ((_, detail),) = violations({name: {"x": 1.0}})
    assert "the name of a block must match" in detail
