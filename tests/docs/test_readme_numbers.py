"""Each number of the README's example, computed again from the committed sample."""

import json
import re
from pathlib import Path

import pytest

from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.risk import RiskReport
from tests.fakes.evaluating import EvaluatedWorld, pick

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (VaR|ES), (parametric normal|historical) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
MEASURES = {"VaR": "value_at_risk", "ES": "expected_shortfall"}
METHODS = {"parametric normal": "parametric_normal", "historical": "historical"}


@pytest.fixture(scope="module")
def report() -> RiskReport:
    sample = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
    parts = {name: sample[name] for name in ("weights", "covariance", "realized_returns")}
    return EvaluatedWorld().report(**parts)


def test_every_loss_in_the_table_is_the_samples(report: RiskReport) -> None:
    rows = ROW.findall(README)
    assert {row[:2] for row in rows} == {(name, method) for name in MEASURES for method in METHODS}
    for name, method, at_95, at_99 in rows:
        for bps, text in ((9500, at_95), (9900, at_99)):
            value = pick(report, MEASURES[name], METHODS[method], bps).value
            assert f"{value:.6f}" == text, (name, method, bps)


def test_the_sentence_under_the_table_is_the_samples(report: RiskReport) -> None:
    told = " ".join(README.split())
    assert report.concentration is not None
    assert report.contributions is not None
    assert report.sufficiency is not None
    volatility = pick(report, "volatility", "parametric_normal", None).value
    largest, returns = report.contributions.largest[0], report.sufficiency.inputs[1]
    for sentence in (
        f"volatility {volatility:.6f}",
        f"as concentrated as {report.concentration.effective_number:.1f} equal positions",
        f"{largest.id} carries most of the parametric VaR at 99 %, {largest.component:.6f}",
        f"from {returns.observations} daily returns",
    ):
        assert sentence in told
