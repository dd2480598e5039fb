"""Rules of an imported policy while they are collected, and the differences found on the way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter

from risk_hub_client.policies.differences import DIFFERENCES
from risk_hub_contracts.policies.rules import Rule
from risk_hub_contracts.policies.rules.metrics import METRICS
from risk_hub_contracts.runs.rule_result import Owner, Severity

__all__ = ["Drafts", "Meta", "metric_path"]

FLAT_BLOCKS: Final = ("returns", "sample", "risk", "robustness", "diagnostics")
FLAT_NAMES: Final[Mapping[str, str]] = {
    path.partition(".")[2]: path for path in METRICS if path.partition(".")[0] in FLAT_BLOCKS
} | {"dsr": "robustness.deflated_sharpe_ratio"}
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9_.-]+")
_RULE_NAME_MAX_CHARS: Final = 64
Bounds = dict[str, float]
_LIMIT: Final[TypeAdapter[Rule]] = TypeAdapter(Rule)


@dataclass(frozen=True, slots=True)
class Meta:
    """Severity and owner of the rules of one section, and what a missing number means for them."""

    severity: Severity | None = None
    owner: Owner | None = None
    on_missing: str | None = None


@dataclass(slots=True)
class Drafts:
    """Rules by name, as members of a policy document.

    Attributes:
        differences: names of the deliberate differences that the rules show; shared by all drafts of an import.
    """

    differences: set[str] = field(default_factory=set)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    _at: dict[str, str] = field(default_factory=dict)

    def differs(self, name: str) -> None:
        """Record a deliberate difference by its name in `DIFFERENCES`."""
        assert name in DIFFERENCES, name  # noqa: S101 - an unknown name is a bug of this package
        self.differences.add(name)

    def metric(self, name: str) -> str:
        """Return the path of a metric; an unknown flat name is expected in `diagnostics`."""
        path = metric_path(name)
        if path is None:
            self.differs("unknown_metric_in_diagnostics")
        return path or f"diagnostics.{name}"

    def add(self, name: str, members: Mapping[str, Any], meta: Meta, default: Severity) -> str:
        """Add a rule under a name that is free; return the name."""
        rule = {**members, "severity": meta.severity or default}
        if meta.owner is not None:
            rule["owner"] = meta.owner
        if meta.on_missing is not None:
            rule["on_missing"] = meta.on_missing
        free = self._free_name(name)
        self.rules[free] = rule
        return free

    def limit(self, name: str, members: Mapping[str, Any], bounds: Bounds, meta: Meta) -> None:
        """Add a rule with bounds, or tighten the one that compares the same number.

        Args:
            name: the wanted name.
            members: kind and what the rule compares.
            bounds: `min` and `max`, as far as they are set.
            meta: severity (default: soft), owner and `on_missing` of its section.
        """
        if not bounds:
            return
        number = _number_key(members)
        if number not in self._at:
            self._at[number] = self.add(name, {**members, "fail": bounds}, meta, "soft")
            return
        present = self.rules[self._at[number]]
        if present["fail"].keys() & bounds.keys():
            self.differs("merged_limits")
        present["fail"] = _stricter(present["fail"], bounds)
        if meta.severity == "blocking":
            present["severity"] = "blocking"
        if present.get("on_missing") != meta.on_missing:
            present.pop("on_missing", None)

    def _free_name(self, wanted: str) -> str:
        """Return a valid rule name that is not taken, as similar as possible."""
        plain = _NOT_IN_NAMES.sub("_", wanted.lower()).strip("_.-") or "rule"
        base = plain if plain[0].isalpha() else f"rule_{plain}"
        name, number = base[:_RULE_NAME_MAX_CHARS], 2
        while name in self.rules:
            suffix = f"_{number}"
            name, number = base[: _RULE_NAME_MAX_CHARS - len(suffix)] + suffix, number + 1
        return name


def metric_path(name: str) -> str | None:
    """Return the path of a flat or dotted metric name, None for an unknown flat one."""
    return name if "." in name else FLAT_NAMES.get(name)


def _number_key(members: Mapping[str, Any]) -> str:
    """Return a key of the number that a rule compares; a metric and its median have different keys."""
    rule = _LIMIT.validate_python({**members, "fail": {"min": 0.0, "max": 0.0}})
    return f"{'median of ' if rule.kind == 'cohort_median' else ''}{rule.subject}"


def _stricter(one: Bounds, two: Bounds) -> Bounds:
    merged = {**one, **two}
    if "min" in one and "min" in two:
        merged["min"] = max(one["min"], two["min"])
    if "max" in one and "max" in two:
        merged["max"] = min(one["max"], two["max"])
    return merged
