"""The portfolio optimisers: skfolio and riskfolio-lib. Runs only in the environment `.peers`."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import riskfolio
import skfolio
from numpy.typing import NDArray
from scipy.stats import norm
from skfolio import measures as skm
from skfolio.moments import LedoitWolf

from tools.agreement.book import SHORT_DAYS, WHOLE_DAYS, Book, long_short
from tools.agreement.hub_results import CONFIDENCES_BPS, percent, trial_sharpes
from tools.agreement.peer_result import PERIODS, PeerResult, frame, standardised_frame

ORDER_STATISTIC = (
    "The peer takes one order statistic, the loss of rank {rank} of {count}. Ours interpolates between two."
)
NEXT_RANK = (
    "The peer takes the loss of rank {rank} of {count}. Ours takes rank {ours}, which is exactly 1 − c."
)
DIFFERENCE = (
    "The peer uses a central difference with step {step} instead of the derivative, which adds its own error."
)
UNSCALED = (
    "The peer does not divide by gross exposure, so this book with shorts counts as less than one position."
)
ARITHMETIC = "The peer adds returns; ours compounds them."
QUANTILE = float(norm.ppf(0.99))


def skfolio_results(book: Book) -> Iterator[PeerResult]:
    peer, returns, weights = "skfolio", np.array(book.returns), np.array(book.weights)
    portfolio = skfolio.Portfolio(frame(book), weights, compounded=True)
    yield PeerResult(
        "volatility, one day", peer, "measures.standard_deviation(r)", skm.standard_deviation(returns)
    )
    for bps in CONFIDENCES_BPS:
        name, beta = percent(bps), bps / 10_000
        rank = int((10_000 - bps) * len(returns) / 10_000) + 1
        why = ORDER_STATISTIC.format(rank=rank, count=len(returns))
        call, var = f"measures.value_at_risk(r, {beta})", skm.value_at_risk(returns, beta)
        yield PeerResult(f"upper historical VaR {name}", peer, call, var)
        yield PeerResult(f"historical VaR {name}", peer, call, var, why)
        yield PeerResult(f"historical ES {name}", peer, f"measures.cvar(r, {beta})", skm.cvar(returns, beta))
    whole, why = np.array(book.last(WHOLE_DAYS).returns), ORDER_STATISTIC.format(rank=26, count=WHOLE_DAYS)
    measure, call = f"historical VaR 95 %, last {WHOLE_DAYS} days", "measures.value_at_risk(r, 0.95)"
    upper_why = NEXT_RANK.format(rank=26, count=WHOLE_DAYS, ours=25)
    yield PeerResult(f"upper {measure}", peer, call, skm.value_at_risk(whole, 0.95), upper_why)
    yield PeerResult(measure, peer, call, skm.value_at_risk(whole, 0.95), why)
    contribution = portfolio.contribution(skfolio.RiskMeasure.STANDARD_DEVIATION) * QUANTILE
    why = DIFFERENCE.format(step="1e-5")
    call = "z · Portfolio.contribution(STANDARD_DEVIATION)"
    yield PeerResult("component VaR 99 %, each position", peer, call, contribution.tolist(), why)
    standardised, scaled = standardised_frame(book.last(SHORT_DAYS))
    estimate = LedoitWolf().fit(standardised).covariance_
    yield PeerResult(
        f"volatility, Ledoit-Wolf correlations, last {SHORT_DAYS} days",
        peer,
        "sqrt((wσ)' LedoitWolf().fit(R / σ).covariance_ (wσ))",
        float(np.sqrt(scaled @ estimate @ scaled)),
    )
    yield from _skfolio_book(book, portfolio)
    yield from _skfolio_series(book)


def _skfolio_book(book: Book, portfolio: "skfolio.Portfolio") -> Iterator[PeerResult]:
    peer, measure = "skfolio", "effective number of positions"
    call = "measures.effective_number_assets(w)"
    yield PeerResult(measure, peer, call, float(skm.effective_number_assets(np.array(book.weights))))
    shorts = np.array(long_short(book))
    yield PeerResult(
        f"{measure}, with shorts", peer, call, float(skm.effective_number_assets(shorts)), UNSCALED
    )
    yield PeerResult(
        "diversification ratio", peer, "Portfolio.diversification", float(portfolio.diversification)
    )
    several = skfolio.MultiPeriodPortfolio([skfolio.Portfolio(frame(book), shorts)])
    exposure = several.long_short_exposure.iloc[0]
    for side in ("gross", "net"):
        yield PeerResult(
            f"{side} exposure, with shorts",
            peer,
            f"MultiPeriodPortfolio.long_short_exposure.{side.title()}",
            float(exposure[side.title()]),
        )


def _skfolio_series(book: Book) -> Iterator[PeerResult]:
    peer = "skfolio"
    for name, part in (("", book), (f", last {SHORT_DAYS} days", book.last(SHORT_DAYS))):
        returns = np.array(part.returns)
        portfolio = skfolio.Portfolio(frame(part), np.array(part.weights), annualization_factor=PERIODS)
        call = "Portfolio.annualized_sharpe_ratio"
        yield PeerResult(f"Sharpe ratio{name}", peer, call, float(portfolio.annualized_sharpe_ratio))
        for compounded, why in ((True, None), (False, ARITHMETIC)):
            call = f"measures.max_drawdown(get_drawdowns(r, compounded={compounded}))"
            fall = float(skm.max_drawdown(skm.get_drawdowns(returns, compounded=compounded)))
            yield PeerResult(f"max drawdown{name}", peer, call, fall, why)
    returns, trials = np.array(book.returns), np.array(trial_sharpes(book))
    call = "measures.probabilistic_sharpe_ratio(r)"
    yield PeerResult("probabilistic Sharpe ratio", peer, call, skm.probabilistic_sharpe_ratio(returns))
    deflated = skm.deflated_sharpe_ratio(returns, trials)
    call = "measures.deflated_sharpe_ratio(r, trials)"
    yield PeerResult("deflated Sharpe ratio, 20 trials", peer, call, float(deflated))


def riskfolio_results(book: Book) -> Iterator[PeerResult]:
    peer, returns, table = "riskfolio-lib", np.array(book.returns), frame(book)
    weights, cov = pd.DataFrame(book.weights), np.cov(table.to_numpy(), rowvar=False)
    call = 'Sharpe_Risk(R, w, cov, rm="MV")'
    sigma = riskfolio.Sharpe_Risk(returns=table, w=weights, cov=cov, rm="MV")
    yield PeerResult("volatility, one day", peer, call, float(sigma))
    for bps in CONFIDENCES_BPS:
        name, alpha = percent(bps), (10_000 - bps) / 10_000
        rank = -(-(10_000 - bps) * len(returns) // 10_000)
        why = ORDER_STATISTIC.format(rank=rank, count=len(returns))
        var, es = riskfolio.VaR_Hist(returns, alpha), riskfolio.CVaR_Hist(returns, alpha)
        yield PeerResult(f"upper historical VaR {name}", peer, f"VaR_Hist(r, {alpha})", float(var))
        yield PeerResult(f"historical VaR {name}", peer, f"VaR_Hist(r, {alpha})", float(var), why)
        yield PeerResult(f"historical ES {name}", peer, f"CVaR_Hist(r, {alpha})", float(es))
    whole, why = np.array(book.last(WHOLE_DAYS).returns), ORDER_STATISTIC.format(rank=25, count=WHOLE_DAYS)
    measure, call = f"historical VaR 95 %, last {WHOLE_DAYS} days", "VaR_Hist(r, 0.05)"
    yield PeerResult(f"upper {measure}", peer, call, riskfolio.VaR_Hist(whole, 0.05))
    yield PeerResult(measure, peer, call, riskfolio.VaR_Hist(whole, 0.05), why)
    why = DIFFERENCE.format(step="1e-7")
    margin = riskfolio.RiskFunctions.Risk_Margin(weights, table, cov, rm="MV") * QUANTILE
    yield PeerResult(
        "marginal VaR 99 %, each position", peer, 'z · Risk_Margin(w, R, cov, "MV")', margin.tolist(), why
    )
    part = riskfolio.Risk_Contribution(weights, table, cov, rm="MV") * QUANTILE
    yield PeerResult(
        "component VaR 99 %, each position",
        peer,
        'z · Risk_Contribution(w, R, cov, "MV")',
        part.tolist(),
        why,
    )
    yield _riskfolio_removals(book, cov)
    standardised, scaled = standardised_frame(book.last(SHORT_DAYS))
    shrunk = riskfolio.covar_matrix(standardised, method="ledoit").to_numpy()
    yield PeerResult(
        f"volatility, Ledoit-Wolf correlations, last {SHORT_DAYS} days",
        peer,
        'sqrt((wσ)\' covar_matrix(R / σ, "ledoit") (wσ))',
        float(np.sqrt(scaled @ shrunk @ scaled)),
    )
    yield from _riskfolio_book(book)


def _riskfolio_removals(book: Book, cov: NDArray[np.float64]) -> PeerResult:
    """Return VaR less the VaR of the book with one weight set to zero, for each position."""
    table = frame(book)

    def sigma(weights: list[float]) -> float:
        return float(riskfolio.Sharpe_Risk(returns=table, w=pd.DataFrame(weights), cov=cov, rm="MV"))

    whole = sigma(book.weights)
    removed = [
        QUANTILE * (whole - sigma([0.0 if each == index else w for each, w in enumerate(book.weights)]))
        for index in range(len(book.weights))
    ]
    call = 'z · (Sharpe_Risk(w) − Sharpe_Risk(w with wᵢ = 0)), rm="MV"'
    return PeerResult("incremental VaR 99 %, each position", "riskfolio-lib", call, removed)


def _riskfolio_book(book: Book) -> Iterator[PeerResult]:
    peer, measure = "riskfolio-lib", "effective number of positions"
    yield PeerResult(measure, peer, "NEA(w)", float(riskfolio.RiskFunctions.NEA(pd.DataFrame(book.weights))))
    shorts = riskfolio.RiskFunctions.NEA(pd.DataFrame(long_short(book)))
    yield PeerResult(f"{measure}, with shorts", peer, "NEA(w)", float(shorts), UNSCALED)
    for name, part in (("", book), (f", last {SHORT_DAYS} days", book.last(SHORT_DAYS))):
        returns, table = np.array(part.returns), frame(part)
        ratio = riskfolio.Sharpe(returns=table, w=pd.DataFrame(part.weights), rm="MV")
        call = 'Sharpe(R, w, rm="MV") · sqrt(252)'
        yield PeerResult(f"Sharpe ratio{name}", peer, call, float(ratio) * PERIODS**0.5)
        yield PeerResult(f"max drawdown{name}", peer, "MDD_Rel(r)", float(riskfolio.MDD_Rel(returns)))
        yield PeerResult(
            f"max drawdown{name}", peer, "MDD_Abs(r)", float(riskfolio.MDD_Abs(returns)), ARITHMETIC
        )
