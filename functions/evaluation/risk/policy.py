"""Options of a deployment for the risk numbers; both are off by default."""

from dataclasses import dataclass

from risk_hub_contracts.reports.risk import Fallback


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """Options of one deployment stage for the risk numbers.

    Attributes:
        fallback: the policy used in place of an unusable covariance; None: no fallback.
        legacy_method: whether the numbers of the gateway that this hub replaces are added, for comparison.
    """

    fallback: Fallback | None = None
    legacy_method: bool = False


NO_POLICY = RiskPolicy()


def policy_from(fallback: str, legacy_method: str) -> RiskPolicy:
    """Return the policy that a function's environment names.

    Raises:
        ValueError: the fallback is unknown, or `legacy_method` is neither `true` nor `false`.
    """
    if fallback not in {"none", "correlation_one"} or legacy_method not in {"true", "false"}:
        raise ValueError(
            f"unknown risk policy: fallback {fallback!r} must be none or correlation_one, and legacy method "
            f"{legacy_method!r} true or false"
        )
    return RiskPolicy("correlation_one" if fallback == "correlation_one" else None, legacy_method == "true")
