"""Statistics of a series and of exceedances: quantstats, empyrical, vartests. Runs only in `.peers`."""

from collections.abc import Iterator

import empyrical
import quantstats
import vartests

from tools.agreement.book import SHORT_DAYS, WHOLE_DAYS, Book
from tools.agreement.hub_results import CONFIDENCES_BPS, exceedances, percent
from tools.agreement.peer_result import PeerResult, series

MEAN = "The peer adds the sample mean to the normal quantile. Ours assumes a mean of zero, and the report states this."
CORRECTED = "The peer corrects skewness and kurtosis for the sample size, as pandas does. Ours uses the population moments."
WHOLE_LOSSES = (
    "The peer averages whole losses: all beyond the quantile. "
    "Ours averages exactly the worst 1 − c of the mass, with a part of the last loss."
)
DURATIONS = (
    "The tests differ: the peer fits a Weibull distribution to the days between exceedances. "
    "Ours tests first-order dependence."
)


def quantstats_results(book: Book) -> Iterator[PeerResult]:
    peer, stats, daily = "quantstats", quantstats.stats, series(book)
    call = "volatility(r, annualize=False)"
    yield PeerResult("volatility, one day", peer, call, float(stats.volatility(daily, annualize=False)))
    centred = series(book, book.demeaned())
    for bps in CONFIDENCES_BPS:
        name, level = percent(bps), bps / 10_000
        for of, values, why in (("", daily, MEAN), (", of returns less their mean", centred, None)):
            var, es = (f(values, confidence=level) for f in (stats.value_at_risk, stats.cvar))
            yield PeerResult(
                f"parametric VaR {name}{of}", peer, f"−value_at_risk(r, confidence={level})", -float(var), why
            )
            yield PeerResult(
                f"parametric ES {name}{of}", peer, f"−cvar(r, confidence={level})", -float(es), why
            )
        tail = stats.cvar(daily, confidence=level, method="historical")
        call = f'−cvar(r, confidence={level}, method="historical")'
        yield PeerResult(f"historical ES {name}", peer, call, -float(tail), WHOLE_LOSSES)
    for name, part in (("", book), (f", last {SHORT_DAYS} days", book.last(SHORT_DAYS))):
        returns = series(part)
        yield PeerResult(f"Sharpe ratio{name}", peer, "sharpe(r)", float(stats.sharpe(returns)))
        yield PeerResult(f"max drawdown{name}", peer, "−max_drawdown(r)", -float(stats.max_drawdown(returns)))
        yield PeerResult(f"hit ratio{name}", peer, "win_rate(r)", float(stats.win_rate(returns)))
    probability = float(stats.probabilistic_sharpe_ratio(daily))
    yield PeerResult(
        "probabilistic Sharpe ratio", peer, "probabilistic_sharpe_ratio(r)", probability, CORRECTED
    )


def empyrical_results(book: Book) -> Iterator[PeerResult]:
    peer, daily = "empyrical-reloaded", series(book)
    sigma = empyrical.annual_volatility(daily, annualization=1)
    yield PeerResult("volatility, one day", peer, "annual_volatility(r, annualization=1)", float(sigma))
    for bps in CONFIDENCES_BPS:
        name, cutoff = percent(bps), (10_000 - bps) / 10_000
        var = empyrical.value_at_risk(daily, cutoff)
        es = empyrical.conditional_value_at_risk(daily, cutoff)
        yield PeerResult(f"historical VaR {name}", peer, f"−value_at_risk(r, {cutoff})", -float(var))
        call = f"−conditional_value_at_risk(r, {cutoff})"
        yield PeerResult(f"historical ES {name}", peer, call, -float(es), WHOLE_LOSSES)
    whole = -float(empyrical.value_at_risk(series(book.last(WHOLE_DAYS)), 0.05))
    yield PeerResult(f"historical VaR 95 %, last {WHOLE_DAYS} days", peer, "−value_at_risk(r, 0.05)", whole)
    for name, part in (("", book), (f", last {SHORT_DAYS} days", book.last(SHORT_DAYS))):
        returns = series(part)
        yield PeerResult(
            f"Sharpe ratio{name}", peer, "sharpe_ratio(r)", float(empyrical.sharpe_ratio(returns))
        )
        fall = -float(empyrical.max_drawdown(returns))
        yield PeerResult(f"max drawdown{name}", peer, "−max_drawdown(r)", fall)


def vartests_results(book: Book) -> Iterator[PeerResult]:
    peer = "vartests"
    for bps in CONFIDENCES_BPS:
        hits, level = [int(hit) for hit in exceedances(book, bps)], bps / 10_000
        rolling = f", rolling VaR {percent(bps)}"
        coverage = vartests.kupiec_test(hits, risk_conf_level=level)
        call = f"kupiec_test(hits, {level})"
        yield PeerResult(f"Kupiec statistic{rolling}", peer, call, float(coverage["statistic"]))
        yield PeerResult(f"Kupiec p-value{rolling}", peer, call, float(coverage["p-value"]))
        exact = vartests.binomial_test(hits, risk_conf_level=level, alternative="less")
        yield PeerResult(
            f"probability of at most so many exceedances{rolling}",
            peer,
            f'binomial_test(hits, {level}, alternative="less")',
            float(exact["p-value"]),
        )
        spacing = vartests.duration_test(hits)
        yield PeerResult(
            f"independence of exceedances{rolling}",
            peer,
            "duration_test(hits)",
            float(spacing["statistic"]),
            DURATIONS,
        )
