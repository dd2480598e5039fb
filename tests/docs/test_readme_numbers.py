"""The numbers of the README, recomputed from the committed sample."""

import json
import re
from pathlib import Path

import pytest

from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.reports.risk import RiskReport
from tests.fakes.evaluated_world import EvaluatedWorld, find_measure

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| \**(VaR|ES), ([a-z ]+?)\** \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
MEASURES = {"VaR": "value_at_risk", "ES": "expected_shortfall"}
ROWS = {
    ("VaR", "upper historical"): "historical_upper",
    ("ES", "historical"): "historical_upper",
    ("VaR", "interpolated historical"): "historical",
    ("VaR", "parametric normal"): "parametric_normal",
    ("ES", "parametric normal"): "parametric_normal",
}


@pytest.fixture(scope="module")
def report() -> RiskReport:
    sample = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
    parts = {name: sample[name] for name in ("weights", "covariance", "realized_returns")}
    return EvaluatedWorld().evaluated(**parts)


def test_every_loss_in_the_readme_equals_the_risk_report_of_the_sample(report: RiskReport) -> None:
    rows = ROW.findall(README)
    assert [row[:2] for row in rows] == list(ROWS)
    tails = {(tail.method, tail.confidence_bps): tail for tail in report.tails}
    for name, method, *texts in rows:
        for bps, text in zip((9500, 9750, 9900), texts, strict=True):
            value = getattr(tails[ROWS[name, method], bps], MEASURES[name])
            assert f"{value:.6f}" == text, (name, method, bps)


def test_the_figures_below_the_readme_table_equal_the_risk_report_of_the_sample(report: RiskReport) -> None:
    text = " ".join(README.split())
    assert report.concentration is not None
    assert report.contributions is not None
    assert report.sufficiency is not None
    volatility = find_measure(report, "volatility", "parametric_normal", None).value
    largest, returns = report.contributions.largest[0], report.sufficiency.inputs[1]
    for sentence in (
        f"volatility {volatility:.6f}",
        f"as concentrated as {report.concentration.effective_number:.1f} equal positions",
        f"{largest.id} contributes most to the parametric VaR at 99 %: {largest.component:.6f}",
        f"from {returns.observations} daily returns",
    ):
        assert sentence in text
