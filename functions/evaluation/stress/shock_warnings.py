"""Warnings of a stress report: shocks that the book does not use, and shocks beyond a whole value."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from functions.measures.stress import DEFAULT, SHOCKS, Scenarios, is_impossible
from risk_hub_contracts.base.limits import LIMITED_LOSS_RETURN_RATIO
from risk_hub_contracts.reports.warning import Evidence, RiskWarning

NAMES_MAX_COUNT = 10
"""Greatest number of ids in the evidence of one warning."""
COMPARED_MAX_COUNT = 200
"""Greatest number of ids of a scenario that are compared as possible misspellings."""
SCENARIOS_MAX_COUNT = 20
"""Greatest number of warnings of one code; each concerns one scenario."""
MISSPELT_MIN_CHARS = 3
"""Least length of compared ids: different ids that are shorter often differ by one character only."""

MISSPELT_CAUSE = "a shock has a misspelt id, so the scenario's default or no shock counts for the position"
UNUSED_CAUSE = (
    "the scenario has shocks of assets that the book does not hold, and none for some that it holds"
)
SURPLUS_CAUSE = "the scenarios are for a larger universe; every held asset has its own shock"
IMPOSSIBLE_CAUSE = (
    "the shock is in percent; an asset whose loss can exceed its value belongs in portfolio.unlimited_loss"
)


def shock_warnings(
    scenarios: Scenarios, weights: Mapping[str, float], unlimited_loss: Collection[str]
) -> list[RiskWarning]:
    """Return the warnings by the scenarios' names; the one on surplus shocks comes last.

    Args:
        scenarios: scenarios of the snapshot, by name.
        weights: weights of the book, by asset id.
        unlimited_loss: assets whose shocks may be below -1.
    """
    held = sorted(asset for asset, weight in weights.items() if weight)
    with_shocks = [(name, scenarios[name]) for name in sorted(scenarios) if SHOCKS in scenarios[name]]
    impossible = (_impossible_shock_warning(name, each, held, unlimited_loss) for name, each in with_shocks)
    unused = (_unused_shock_warning(name, each, held) for name, each in with_shocks)
    return [
        *_first_warnings(filter(None, impossible)),
        *_first_warnings(filter(None, unused)),
        *_surplus_warning([each for _, each in with_shocks], held),
    ]


def is_misspelling(given: str, held: str) -> bool:
    """Return whether two different ids differ by case and separators only, or by one edit.

    An edit inserts, removes or replaces one character, or swaps two neighbours.
    """
    first, second = _letters_and_digits(given), _letters_and_digits(held)
    if first == second:
        return True
    return min(len(first), len(second)) >= MISSPELT_MIN_CHARS and _is_one_edit(first, second)


def _impossible_shock_warning(
    name: str, scenario: Mapping[str, Any], held: Sequence[str], unlimited_loss: Collection[str]
) -> RiskWarning | None:
    """Return a warning if a held asset loses more than its value: the scenario has no loss."""
    shocks, default = scenario[SHOCKS], scenario.get(DEFAULT)
    found = {
        asset: shocks.get(asset, default)
        for asset in held
        if is_impossible(asset, shocks.get(asset, default), unlimited_loss)
    }
    if not found:
        return None
    evidence: dict[str, Evidence] = {
        "least_shock": min(found.values()),
        "least_shock_min": LIMITED_LOSS_RETURN_RATIO,
        "assets": _joined_ids(list(found)),
        "assets_affected": float(len(found)),
    }
    return _warning("shock_below_minus_one", name, evidence, IMPOSSIBLE_CAUSE)


def _unused_shock_warning(name: str, scenario: Mapping[str, Any], held: Sequence[str]) -> RiskWarning | None:
    """Return a warning if shocks are not used while held assets have no named shock.

    The loss has no meaning if such a pair differs by case and separators only: it is one asset.
    """
    shocks = scenario[SHOCKS]
    without, unused = [asset for asset in held if asset not in shocks], sorted(set(shocks) - set(held))
    if not without or not unused:
        return None
    misspelt = [
        f"{given} for {asset}"
        for given in unused[:COMPARED_MAX_COUNT]
        for asset in without[:COMPARED_MAX_COUNT]
        if is_misspelling(given, asset)
    ]
    evidence: dict[str, Evidence] = {
        "unused": _joined_ids(unused),
        "unused_count": float(len(unused)),
        "without_own_shock": _joined_ids(without),
        "without_own_shock_count": float(len(without)),
    }
    if misspelt:
        evidence["misspelt"] = _joined_ids(misspelt)
    cause = MISSPELT_CAUSE if misspelt else UNUSED_CAUSE
    return _warning(
        "shocks_unused", name, evidence, cause, meaningless=_differ_in_separators_only(unused, without)
    )


def _surplus_warning(scenarios: Sequence[Mapping[str, Any]], held: Sequence[str]) -> Iterator[RiskWarning]:
    """Yield one warning for all scenarios whose unused shocks change nothing."""
    assets = set(held)
    complete = [each[SHOCKS].keys() for each in scenarios if each[SHOCKS].keys() > assets]
    if complete:
        unused = sorted(set().union(*complete) - assets)
        evidence: dict[str, Evidence] = {
            "unused": _joined_ids(unused),
            "unused_count": float(len(unused)),
            "scenarios": float(len(complete)),
        }
        yield _warning("shocks_unused", None, evidence, SURPLUS_CAUSE)


def _warning(
    code: str, scenario: str | None, evidence: dict[str, Evidence], cause: str, *, meaningless: bool = False
) -> RiskWarning:
    return RiskWarning(
        code=code, makes_insufficient=meaningless, subject=scenario, evidence=evidence, likely_cause=cause
    )


def _first_warnings(found: Iterable[RiskWarning]) -> list[RiskWarning]:
    """Return at most 20 warnings; those that make a loss meaningless come first."""
    return sorted(found, key=lambda each: not each.makes_insufficient)[:SCENARIOS_MAX_COUNT]


def _differ_in_separators_only(unused: Sequence[str], without: Sequence[str]) -> bool:
    return bool(set(map(_letters_and_digits, unused)) & set(map(_letters_and_digits, without)) - {""})


def _joined_ids(ids: Sequence[str]) -> str:
    more = len(ids) - NAMES_MAX_COUNT
    return ", ".join(ids[:NAMES_MAX_COUNT]) + (f" and {more} more" if more > 0 else "")


def _letters_and_digits(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _is_one_edit(first: str, second: str) -> bool:
    """Return whether one edit turns one text into the other."""
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    left, right = first[start:], second[start:]
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
    return left == right[1:] or left[1:] == right
