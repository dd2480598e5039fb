"""Evaluation policies: the pointer of each refusal, and the identity of accepted policies."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_contracts.api.schemas import schema_files
from risk_hub_contracts.base.canonical import canonical_json, sha256_hex
from risk_hub_contracts.base.limits import EVALUATION_POLICY_MAX_BYTES, RULES_PER_PROFILE_MAX_COUNT
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.policies.evaluation_checks import doubtful_limits
from risk_hub_contracts.policies.evaluation_policy import parse_policy
from tests.contracts.published import inner_schemas
from tests.contracts.test_published_schemas import hub_validator

Json = dict[str, Any]
SHARPE = {"kind": "performance", "measure": "sharpe", "fail": {"min": 0.5}, "warn": {"min": 1.0}}
RULE = "/profiles/base/rules/r"
POLICY: Json = {
    "policy_id": "trend",
    "version": "1",
    "owner": "risk",
    "stages": {"backtest": "base", "live": "live"},
    "profiles": {
        "base": {"rules": {"sharpe": SHARPE, "top": {"kind": "top_k", "metric": "returns.sharpe", "k": 3}}},
        "live": {
            "extends": "base",
            "on_missing": "warn",
            "rules": {
                "sharpe": {**SHARPE, "fail": {"min": 0.75}, "severity": "soft", "tags": ["core"]},
                "live": {"kind": "live", "window_days": 30, "measure": "sharpe", "fail": {"min": 0.0}},
            },
        },
    },
    "governance": {"live_promotion": {"mode": "manual_approval", "approvers": ["cro"], "max_live_slots": 5}},
}


def with_rule(**members: Any) -> Json:
    return changed(lambda policy: policy["profiles"]["base"]["rules"].update(r=members))


def changed(change: Callable[[Json], Any]) -> Json:
    policy = copy.deepcopy(POLICY)
    change(policy)
    return policy


def violations(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(ProblemError) as caught:
        parse_policy(document)
    assert caught.value.type.slug == "registration-invalid"
    return [(each.pointer, each.detail) for each in caught.value.violations]


def limited(**bounds: Any) -> Json:
    return with_rule(kind="threshold", metric="own.x", **bounds)


IMPOSSIBLE = [
    ({"fail": {"min": 2, "max": 1}}, "/fail", "min 2 is above max 1"),
    ({"fail": {"min": 2}, "warn": {"min": 1}}, "", "warn.min 1 is below fail.min 2, so it never warns"),
    ({"fail": {"max": 1}, "warn": {"max": 2}}, "", "warn.max 2 is above fail.max 1, so it never warns"),
    ({"fail": {"min": 2}, "warn": {"max": 1}}, "", "no number is within both fail and warn"),
    ({"fail": {}}, "/fail", "must have min or max"),
    ({}, "", "must have fail, warn or both"),
    ({"fail": {"min": float("nan")}}, "/fail/min", "this is nan"),
    ({"fail": {"min": float("inf")}}, "/fail/min", "64-bit float"),
    ({"fail": {"min": "1"}}, "/fail/min", "must be a JSON number; this is a string"),
    ({"fail": {"min": True}}, "/fail/min", "must be a JSON number; this is a boolean"),
    ({"fail": {"mn": 1}}, "/fail/mn", "unknown field 'mn'"),
]


@pytest.mark.parametrize(("bounds", "at", "text"), IMPOSSIBLE)
def test_limit_that_can_never_hold_or_is_not_a_number_is_refused_at_its_pointer(
    bounds: Json, at: str, text: str
) -> None:
    found = violations(limited(**bounds))
    assert [pointer for pointer, _ in found] == [RULE + at]
    assert text in found[0][1]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"kind": "robustness", "measure": "deflated_sharpe_ratio", "fail": {"min": 1.5}}, "between 0 and 1"),
        ({"kind": "performance", "measure": "max_drawdown", "fail": {"max": -0.2}}, "between 0 and inf"),
        ({"kind": "hysteresis", "metric": "own.x", "enter": 1, "exit": 2}, "leaves at once"),
        (
            {"kind": "hysteresis", "metric": "own.x", "enter": 2, "exit": 1, "order": "lowest"},
            "leaves at once",
        ),
        ({"kind": "correlation", "metric": "own.x", "max": 0.5, "warn_max": 0.8}, "it never warns"),
    ],
)
def test_limit_beyond_the_possible_values_of_its_metric_is_refused(rule: Json, text: str) -> None:
    ((pointer, detail),) = violations(with_rule(**rule))
    assert pointer == RULE
    assert text in detail


@pytest.mark.parametrize(
    ("change", "pointer", "text"),
    [
        (lambda p: p.update(profils={}), "/profils", "unknown field 'profils'; did you mean 'profiles'?"),
        (lambda p: p["stages"].update(papr="base"), "/stages/papr", "must be 'backtest', 'paper' or 'live'"),
        (
            lambda p: p["profiles"]["base"]["rules"]["sharpe"].update(severty="soft"),
            "/profiles/base/rules/sharpe/severty",
            "unknown field 'severty'",
        ),
        (
            lambda p: p["governance"]["live_promotion"].update(approver="x"),
            "/governance/live_promotion/approver",
            "unknown field",
        ),
        (lambda p: p["profiles"]["live"].update(rule={}), "/profiles/live/rule", "unknown field 'rule'"),
    ],
)
def test_unknown_member_is_refused_by_name_with_its_pointer(
    change: Callable[[Json], Any], pointer: str, text: str
) -> None:
    ((found, detail),) = violations(changed(change))
    assert found == pointer
    assert text in detail


@pytest.mark.parametrize("rule", [{"kind": "sharp"}, {}, 3, None, {"kind": 3}, {"kind": ["threshold"]}])
def test_rule_of_an_unknown_kind_is_refused_with_the_known_kinds(rule: Any) -> None:
    document = changed(lambda policy: policy["profiles"]["base"]["rules"].update(r=rule))
    ((pointer, detail),) = violations(document)
    assert pointer == RULE
    assert "kind is one of threshold, data_currency, sample, performance" in detail


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            {"kind": "threshold", "metric": "returns.sharpe", "fail": {"min": 0.2}},
            "sets fail.min of returns.sharpe",
        ),
        ({**SHARPE}, "sets fail.min of returns.sharpe, as 'sharpe' does"),
        ({"kind": "top_k", "metric": "returns.sharpe", "k": 1}, "is a second top_k rule for returns.sharpe"),
        (
            {"kind": "threshold", "metric": "returns.sharpe", "fail": {"max": 0.25}},
            "needs returns.sharpe to be at least 0.5 and, with 'sharpe', at most 0.25; no number is both",
        ),
    ],
)
def test_duplicate_or_contradicting_rule_is_refused_once_where_it_is_written(rule: Json, text: str) -> None:
    rules = {**POLICY["profiles"]["base"]["rules"], "zz": rule}
    profiles = {"base": {"rules": rules}, "live": {"extends": "base"}}
    ((pointer, detail),) = violations(changed(lambda policy: policy.update(profiles=profiles)))
    assert pointer == "/profiles/base/rules/zz"
    assert text in detail


def test_rule_that_contradicts_an_inherited_one_is_refused_where_it_is_written() -> None:
    rule = {"kind": "threshold", "metric": "returns.sharpe", "fail": {"max": 0.25}}
    document = changed(
        lambda policy: policy["profiles"].update(live={"extends": "base", "rules": {"a": rule}})
    )
    assert [pointer for pointer, _ in violations(document)] == ["/profiles/live/rules/a"]


def test_many_rules_on_one_number_are_refused_with_few_violations() -> None:
    rules = {f"r{n}": {"kind": "threshold", "metric": "own.x", "fail": {"min": 0}} for n in range(200)}
    profiles = {"base": {"rules": rules}}
    found = violations(changed(lambda policy: policy.update(stages={"paper": "base"}, profiles=profiles)))
    assert 0 < len(found) < 50


def test_min_and_max_of_one_metric_may_be_two_rules() -> None:
    rule = {"kind": "threshold", "metric": "returns.sharpe", "fail": {"max": 9.0}}
    parse_policy(changed(lambda policy: policy["profiles"]["base"]["rules"].update(most=rule)))


@pytest.mark.parametrize(
    ("change", "pointer", "text"),
    [
        (
            lambda p: p["profiles"]["base"].update(extends="live"),
            "/profiles/base/extends",
            "extends itself: base -> live -> base",
        ),
        (
            lambda p: p["profiles"]["live"].update(extends="live"),
            "/profiles/live/extends",
            "extends itself: live -> live",
        ),
        (
            lambda p: p["profiles"]["live"].update(extends="none"),
            "/profiles/live/extends",
            "unknown profile 'none'",
        ),
        (
            lambda p: p["stages"].update(paper="none"),
            "/stages/paper",
            "unknown profile 'none'; known are base, live",
        ),
        (
            lambda p: p["profiles"].update(extra={"rules": {"r": SHARPE}}),
            "/profiles/extra",
            "no stage uses this",
        ),
    ],
)
def test_profile_that_is_unknown_unused_or_extends_itself_is_refused(
    change: Callable[[Json], Any], pointer: str, text: str
) -> None:
    found = dict(violations(changed(change)))
    assert text in found[pointer]


def test_profile_without_rules_is_refused() -> None:
    document = changed(lambda p: p.update(stages={"paper": "base"}, profiles={"base": {"rules": {}}}))
    ((pointer, detail),) = violations(document)
    assert pointer == "/profiles/base/rules"
    assert detail.endswith("this has 0")


def test_number_of_rules_is_accepted_at_its_limit_and_refused_past_it() -> None:
    def with_rules(count: int) -> Json:
        rules = {
            f"r{n}": {"kind": "threshold", "metric": f"own.m{n}", "fail": {"min": 0}} for n in range(count)
        }
        return changed(lambda p: p.update(stages={"paper": "base"}, profiles={"base": {"rules": rules}}))

    parse_policy(with_rules(RULES_PER_PROFILE_MAX_COUNT))
    ((pointer, _),) = violations(with_rules(RULES_PER_PROFILE_MAX_COUNT + 1))
    assert pointer == "/profiles/base/rules"


def test_policy_above_its_size_is_refused() -> None:
    rules = {
        f"r{n}": {"kind": "threshold", "metric": f"own.m{n}", "fail": {"min": 0}, "description": "x" * 1_000}
        for n in range(RULES_PER_PROFILE_MAX_COUNT)
    }
    profiles = {"a": {"rules": rules}, "b": {"rules": rules}}
    document = changed(lambda p: p.update(stages={"paper": "a", "live": "b"}, profiles=profiles))
    ((pointer, detail),) = violations(document)
    assert pointer == ""
    assert detail.endswith(f"at most {EVALUATION_POLICY_MAX_BYTES} are allowed")


def test_hash_is_that_of_the_whole_canonical_document() -> None:
    policy = parse_policy(POLICY)
    assert policy.policy_hash == "sha256:" + sha256_hex(canonical_json(policy.document()))
    assert parse_policy(policy.document()) == policy


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of each text and number of a document."""
    if isinstance(value, dict):
        return [found for key, child in value.items() for found in leaves(child, (*path, key))]
    if isinstance(value, list):
        return [found for index, child in enumerate(value) for found in leaves(child, (*path, index))]
    return [path]


OTHER = {"approvers": "cfo", "tags": "tail", "severity": "info", "on_missing": "ignore", "mode": "disabled"}
# A change of these makes an invalid document.
NAMES_OF_THE_CONTRACT = {"kind", "measure", "backtest", "live", "extends"}


@pytest.mark.parametrize(
    "path",
    [path for path in leaves(POLICY) if path[-1] not in NAMES_OF_THE_CONTRACT],
    ids=lambda path: "/".join(map(str, path)),
)
def test_change_of_any_value_changes_the_hash(path: tuple[Any, ...]) -> None:
    document = copy.deepcopy(POLICY)
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    name = next(key for key in reversed(path) if isinstance(key, str))
    value = holder[path[-1]]
    text = OTHER.get(name, f"{value}2")
    holder[path[-1]] = text if isinstance(value, str) else value + (1 if isinstance(value, int) else 0.125)
    assert parse_policy(document).policy_hash != parse_policy(POLICY).policy_hash


@given(st.randoms(use_true_random=False))
def test_hash_does_not_depend_on_the_order_of_members(random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        items = [(key, shuffled(child)) for key, child in value.items()]
        random.shuffle(items)
        return dict(items)

    assert parse_policy(shuffled(POLICY)).policy_hash == parse_policy(POLICY).policy_hash


INTEGERS: dict[str, tuple[str, Json]] = {
    "k": ("/profiles/base/rules/r/k", with_rule(kind="top_k", metric="own.x", k=3.0)),
    "window_days": (
        "/profiles/base/rules/r/window_days",
        with_rule(kind="live", window_days=30.0, measure="sharpe", fail={"min": 0.0}),
    ),
    "max_live_slots": (
        "/governance/live_promotion/max_live_slots",
        changed(lambda policy: policy["governance"]["live_promotion"].update(max_live_slots=5.0)),
    ),
    "cool_down_seconds": (
        "/governance/live_promotion/cool_down_seconds",
        changed(lambda policy: policy["governance"]["live_promotion"].update(cool_down_seconds=60.0)),
    ),
}


def test_integer_table_covers_every_integer_marked_in_the_schema() -> None:
    marked = {
        place.split("/")[place.split("/").index("properties") + 1]
        for place, schema in inner_schemas(schema_files()["evaluation-policy"])
        if "x-json-token" in schema
    }
    assert marked == INTEGERS.keys()


@pytest.mark.parametrize("member", INTEGERS)
def test_an_integer_with_a_fraction_is_refused_at_its_member(member: str) -> None:
    pointer, document = INTEGERS[member]
    assert pointer in [at for at, _ in violations(document)]


def test_profile_has_its_rules_and_those_it_extends() -> None:
    policy = parse_policy(POLICY)
    assert sorted(policy.rules_of("live")) == ["live", "sharpe", "top"]
    assert policy.rules_of("live")["sharpe"].severity == "soft"
    assert policy.rules_of("base")["sharpe"].severity is None


def test_limits_that_may_be_mistakes_are_named() -> None:
    rules = {
        "typing": {"kind": "threshold", "metric": "returns.sharp", "fail": {"min": 0}},
        "own": {"kind": "threshold", "metric": "own.zzz", "fail": {"min": 0}},
        "known": {"kind": "threshold", "metric": "own.zzz2", "fail": {"min": 0}, "unit": "count"},
        "idle": {"kind": "robustness", "measure": "deflated_sharpe_ratio", "fail": {"min": 0}},
    }
    policy = parse_policy(changed(lambda p: p["profiles"]["base"]["rules"].update(rules)))
    found = {each.pointer: each.detail for each in doubtful_limits({"base": policy.profiles["base"].rules})}
    assert found == {
        "/profiles/base/rules/typing": (
            "'returns.sharp' is not a metric of this release; did you mean 'returns.sharpe'?"
        ),
        "/profiles/base/rules/own": (
            "'own.zzz' is not a metric of this release; set its unit if the producer sends it"
        ),
        "/profiles/base/rules/idle": (
            "never fails: robustness.deflated_sharpe_ratio (probability) is between 0 and 1"
        ),
    }


def test_published_schema_accepts_the_policy_and_refuses_unknown_members_for_editors() -> None:
    validator = hub_validator(schema_files()["evaluation-policy"])
    assert validator.is_valid(POLICY)
    assert validator.is_valid(json.loads(json.dumps(parse_policy(POLICY).document())))
    assert not validator.is_valid(changed(lambda p: p.update(profils={})))
    assert not validator.is_valid(changed(lambda p: p["profiles"]["base"]["rules"]["sharpe"].update(mn=1)))
    assert not validator.is_valid(with_rule(kind="sharp"))
    assert not validator.is_valid(limited(fail={"min": "1"}))
    assert not validator.is_valid(changed(lambda p: p["stages"].update(papr="base")))
