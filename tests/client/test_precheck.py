"""The pre-check: the hub's rules on the caller's machine, and what it says about itself."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.bundles.contents import hub_files
from risk_hub_client import InvalidSnapshotError, precheck
from risk_hub_client.cli.app import REFUSED, USAGE, build_app, run
from risk_hub_client.prechecks import NOT_A_VERDICT
from risk_hub_contracts.policies.evaluation_policy import parse_policy
from risk_hub_contracts.rule_engine.evaluate import evaluate

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "guides" / "examples"
POLICY_FILE, BODY_FILE = EXAMPLES / "policy.yaml", EXAMPLES / "evaluation.json"
POLICY: dict[str, Any] = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))
BODY: dict[str, Any] = json.loads(BODY_FILE.read_text(encoding="utf-8"))
HUB_RULES = {
    "base": {"uncorrelated": "correlations from the returns that the hub stores"},
    "paper": {
        "adds_tail": "the portfolio of the latest snapshot",
        "like_backtest": "the back-test run of the strategy",
    },
    "live": {"stays_in": "the selection of the evaluation before"},
}
HUB_ENGINE = """
import json, sys
from risk_hub_contracts.policies.evaluation_policy import parse_policy
from risk_hub_contracts.rule_engine.evaluate import evaluate
from risk_hub_contracts.runs.metric_blocks import MetricBlocks, metric_paths

given = json.load(sys.stdin)
numbers = {
    each["strategy_id"]: metric_paths(MetricBlocks.model_validate(each["metrics"])) for each in given["strategies"]
}
found = evaluate(parse_policy(given["policy"]), given["stage"], numbers)
json.dump(
    {
        name: [verdict.status, verdict.selected, [r.model_dump(mode="json", exclude_none=True) for r in verdict.results]]
        for name, verdict in found.strategies.items()
    },
    sys.stdout,
)
"""


def judged(found: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {
        each["strategy_id"]: [each["status"], each["selected"], each["results"]]
        for each in found["strategies"]
    }


def without_hub_rules() -> dict[str, Any]:
    """Return the example policy without the rules that need the hub."""
    profiles = {
        name: {
            **profile,
            "rules": {rule: each for rule, each in profile["rules"].items() if rule not in HUB_RULES[name]},
        }
        for name, profile in POLICY["profiles"].items()
    }
    profiles["paper"]["rules"]["median"] = {
        "kind": "cohort_median",
        "metric": "returns.sharpe",
        "fail": {"min": 0.8},
    }
    return {**POLICY, "profiles": profiles}


@pytest.mark.parametrize("stage", ["backtest", "paper", "live"])
def test_bundle_of_the_hub_and_the_client_give_identical_results_for_the_same_inputs(
    tmp_path: Path, stage: Any
) -> None:
    policy = without_hub_rules()
    for name, path in hub_files("evaluation").items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    given = {"policy": policy, "stage": stage, "strategies": BODY["strategies"]}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", HUB_ENGINE],
        cwd=tmp_path,
        env=environment,
        input=json.dumps(given),
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    found = precheck(policy, BODY["strategies"], stage)
    assert found["needs_hub"] == {}
    assert judged(found) == json.loads(done.stdout)


def test_files_of_the_rules_in_the_bundle_are_those_of_the_client() -> None:
    bundled = hub_files("evaluation")
    engine = Path(evaluate.__code__.co_filename).parent
    files = sorted(engine.glob("*.py"))
    assert len(files) >= 8
    for file in files:
        assert bundled[f"risk_hub_contracts/rule_engine/{file.name}"].read_bytes() == file.read_bytes()


@pytest.mark.parametrize("stage", ["backtest", "paper", "live"])
def test_rules_that_need_the_hub_are_named_and_have_no_result(stage: Any) -> None:
    found = precheck(POLICY, BODY["strategies"], stage)
    assert found["needs_hub"] == {**HUB_RULES["base"], **HUB_RULES.get(stage, {})}
    assert found["compares_given_strategies"] == ["best_ten"]
    rules = set(parse_policy(POLICY).rules_of(found["profile"]))
    for strategy in found["strategies"]:
        assert {each["rule"] for each in strategy["results"]} == rules - set(found["needs_hub"])


def test_metrics_that_only_the_hub_computes_are_recognised_in_every_kind_of_rule() -> None:
    rules = {
        "threshold": {"kind": "threshold", "metric": "risk.incremental_var_99", "fail": {"max": 0.1}},
        "risk": {"kind": "risk", "measure": "incremental_es_99", "fail": {"max": 0.1}},
        "portfolio": {"kind": "portfolio", "measure": "sharpe_uplift", "fail": {"min": 0.1}},
        "top": {"kind": "top_k", "metric": "diagnostics.portfolio_sharpe_uplift", "k": 3},
        "bench": {"kind": "benchmark", "fail": {"min": 0.1}},
        "own": {"kind": "performance", "measure": "sharpe", "fail": {"min": 0.1}},
    }
    policy = {**POLICY, "stages": {"paper": "all"}, "profiles": {"all": {"rules": rules}}}
    found = precheck(policy, BODY["strategies"], "paper")
    assert set(found["needs_hub"]) == set(rules) - {"own"}
    assert found["needs_hub"]["bench"] == "the benchmark"


def test_result_says_that_it_is_not_a_verdict_and_names_policy_and_engine() -> None:
    found = precheck(POLICY, BODY["strategies"], "paper")
    assert found["notice"] == NOT_A_VERDICT
    assert "not a verdict" in NOT_A_VERDICT
    assert found["policy_hash"] == parse_policy(POLICY).policy_hash
    assert found["engine_version"] == "rules_v1"
    assert {name: each[:2] for name, each in judged(found).items()} == {
        "carry": ["fail", False],
        "momentum": ["pass", True],
    }


@pytest.mark.parametrize(
    ("strategies", "text"),
    [
        ([], "/strategies: must have at least 1"),
        ([{"metrics": {}}], "/strategies/0/strategy_id"),
        ([{"strategy_id": "a"}, {"strategy_id": "a"}], "/strategies/1/strategy_id: is the strategy of"),
        ([{"strategy_id": "a", "metrics": {"returns": {"sharpe": float("nan")}}}], "/strategies/0/metrics"),
        ([{"strategy_id": "a", "metrics": {"returns": {"sharpe": "1"}}}], "/strategies/0/metrics"),
        (["a"], "/strategies/0"),
    ],
)
def test_malformed_strategies_are_refused_with_a_pointer(strategies: list[Any], text: str) -> None:
    with pytest.raises(InvalidSnapshotError, match=text):
        precheck(POLICY, strategies, "paper")


def test_policy_that_is_malformed_or_lacks_the_stage_is_refused() -> None:
    with pytest.raises(InvalidSnapshotError, match="/unknown"):
        precheck({**POLICY, "unknown": 1}, BODY["strategies"], "paper")
    profiles = {name: POLICY["profiles"][name] for name in ("base", "paper")}
    paper_only = {**POLICY, "stages": {"paper": "paper"}, "profiles": profiles}
    with pytest.raises(InvalidSnapshotError, match="no profile for the stage 'live'; it has paper"):
        precheck(paper_only, BODY["strategies"], "live")


def test_command_prints_the_results_without_a_hub(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RISK_HUB_URL", "RISK_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert run(build_app(), ["precheck", str(POLICY_FILE), str(BODY_FILE)]) == 0
    out, err = capsys.readouterr()
    assert "This is not a verdict" in err
    lines = out.splitlines()
    assert lines[0].startswith("pre-check, not a verdict: trend-strategies 2026-01 (sha256:")
    assert lines[0].endswith("stage paper, rules_v1")
    assert "needs the hub: adds_tail: the portfolio of the latest snapshot" in lines
    assert "compares the given strategies only: best_ten" in lines
    assert "carry: fail, not selected" in lines
    assert "  sharpe: fail, below_minimum, observed 0.41, limit 0.6 (sharpe_ratio_annualised)" in lines
    assert lines[-1] == "momentum: pass, selected"


def test_command_accepts_a_list_of_strategies_with_a_stage_and_prints_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "strategies.json"
    file.write_text(json.dumps(BODY["strategies"]), encoding="utf-8")
    assert run(build_app(), ["precheck", str(POLICY_FILE), str(file), "--stage", "live", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == precheck(POLICY, BODY["strategies"], "live")
    assert run(build_app(), ["precheck", str(POLICY_FILE), str(file)]) == USAGE


@pytest.mark.parametrize(
    "text", ["[", "{}", '{"stage": "paper"}', '{"stage": "paper", "strategies": {}}', "1"]
)
def test_command_refuses_a_file_without_strategies_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "strategies.json"
    file.write_text(text, encoding="utf-8")
    assert run(build_app(), ["precheck", str(POLICY_FILE), str(file)]) in {REFUSED, USAGE}
    assert "Traceback" not in capsys.readouterr().err


def test_command_names_the_line_of_a_fault_in_the_policy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "policy.yaml"
    wrong.write_text(POLICY_FILE.read_text(encoding="utf-8").replace("min: 0.6", "mn: 0.6"), encoding="utf-8")
    assert run(build_app(), ["precheck", str(wrong), str(BODY_FILE)]) == REFUSED
    assert f"{wrong}:26: /profiles/" in capsys.readouterr().err.replace("\n", "")
