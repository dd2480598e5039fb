"""What a deployment decides about the risk numbers, by name; the defaults decide nothing."""

from dataclasses import dataclass

from risk_hub_contracts.risk import Fallback


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """Named choices of one deployment stage.

    Attributes:
        fallback: what may stand in for a covariance that cannot be used; None: nothing.
        legacy_method: whether the numbers of the gateway that this hub replaces are added, for comparison.
    """

    fallback: Fallback | None = None
    legacy_method: bool = False


NO_POLICY = RiskPolicy()


def policy_from(fallback: str, legacy_method: str) -> RiskPolicy:
    """Return the policy that a function's environment names.

    Raises:
        ValueError: no such fallback, or neither `true` nor `false`.
    """
    if fallback not in {"none", "correlation_one"} or legacy_method not in {"true", "false"}:
        raise ValueError(f"no such risk policy: fallback {fallback!r}, legacy method {legacy_method!r}")
    return RiskPolicy("correlation_one" if fallback == "correlation_one" else None, legacy_method == "true")
