"""Checks of an evaluation policy that need more than one of its members."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import combinations
from typing import Final

from risk_hub_contracts.base.limits import RULES_PER_PROFILE_MAX_COUNT
from risk_hub_contracts.base.pointers import pointer
from risk_hub_contracts.base.problem_types import Violation
from risk_hub_contracts.policies.rules import LimitRule, Rule, ThresholdRule
from risk_hub_contracts.policies.rules.metrics import METRICS, UNKNOWN_UNIT, facts_of

__all__ = ["doubtful_limits", "profile_violations", "stage_violations"]

# The own rules on a number have at most four bounds (min and max, for fail and for warn), and so have the inherited
# ones: the first eight rules contain every conflict.
COMPARED_MAX_COUNT: Final = 8
Parents = Mapping[str, str | None]


def stage_violations(stages: Mapping[str, str], parents: Parents) -> Iterator[Violation]:
    """Yield unknown profiles, cycles of profiles, and profiles that no stage uses.

    Args:
        stages: the name of the profile of each stage.
        parents: for each profile, the name of the one that it extends.
    """
    known = ", ".join(sorted(parents))
    for stage, profile in stages.items():
        if profile not in parents:
            yield Violation(pointer("stages", stage), f"unknown profile {profile!a}; known are {known}")
    used: set[str] = set()
    for name, parent in parents.items():
        if parent is not None and parent not in parents:
            yield Violation(
                pointer("profiles", name, "extends"), f"unknown profile {parent!a}; known are {known}"
            )
        line = _lineage(name, parents)
        if line[-1] in line[:-1]:
            yield Violation(pointer("profiles", name, "extends"), f"extends itself: {' -> '.join(line)}")
        if name in stages.values():
            used.update(line)
    for name in parents:
        if name not in used:
            yield Violation(
                pointer("profiles", name), "no stage uses this profile; name it in stages or remove it"
            )


def _lineage(name: str, parents: Parents) -> list[str]:
    """Return a profile and its parents; in a cycle, the last name is the first repeated one."""
    line = [name]
    while (parent := parents.get(line[-1])) is not None:
        line.append(parent)
        if parent in line[:-1]:
            break
    return line


def profile_violations(name: str, rules: Mapping[str, Rule], own: Collection[str]) -> Iterator[Violation]:
    """Yield no rules, too many rules, duplicate rules and rules that contradict each other.

    Args:
        name: the name of the profile.
        rules: its rules with those that it inherits.
        own: the names of its own rules; the inherited rules are checked with the profile that defines them.
    """
    if not 1 <= len(rules) <= RULES_PER_PROFILE_MAX_COUNT:
        yield Violation(
            pointer("profiles", name, "rules"),
            f"must have 1 to {RULES_PER_PROFILE_MAX_COUNT} rules, with those of the extended profiles; "
            f"this has {len(rules)}",
        )
    for group in _by_subject(rules).values():
        inherited_first = sorted(group, key=lambda each: (each in own, each))
        for first, second in combinations(inherited_first[:COMPARED_MAX_COUNT], 2):
            detail = _conflict(first, rules[first], rules[second]) if second in own else None
            if detail is not None:
                yield Violation(pointer("profiles", name, "rules", second), detail)


def _by_subject(rules: Mapping[str, Rule]) -> dict[tuple[str, str], list[str]]:
    """Group the names of rules that compare the same number; limits of all kinds on a path are one group."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in sorted(rules):
        rule = rules[name]
        is_number = isinstance(rule, LimitRule) and rule.kind != "cohort_median"
        groups.setdefault(("limit" if is_number else rule.kind, rule.subject), []).append(name)
    return groups


def _conflict(first: str, one: Rule, two: Rule) -> str | None:
    """Return why two rules on the same number are duplicates or exclude each other; otherwise None."""
    if not isinstance(one, LimitRule) or not isinstance(two, LimitRule):
        return f"is a second {two.kind} rule for {two.subject}, next to {first!a}; keep one"
    for level in ("fail", "warn"):
        mine, theirs = getattr(one, level), getattr(two, level)
        for side in ("min", "max"):
            if mine and theirs and None not in {getattr(mine, side), getattr(theirs, side)}:
                return f"sets {level}.{side} of {two.subject}, as {first!a} does; keep the stricter one"
    return _contradiction(first, one, two)


def _contradiction(first: str, one: LimitRule, two: LimitRule) -> str | None:
    if one.fail is None or two.fail is None:
        return None
    lowest, highest = max(one.fail.lowest, two.fail.lowest), min(one.fail.highest, two.fail.highest)
    if lowest <= highest:
        return None
    return f"needs {two.subject} to be at least {lowest:g} and, with {first!a}, at most {highest:g}; no number is both"


def doubtful_limits(profiles: Mapping[str, Mapping[str, Rule]]) -> list[Violation]:
    """Return the limits that may be mistakes: unknown metrics, and bounds that every possible number meets.

    Args:
        profiles: the rules of each profile, without inherited ones.
    """
    return [
        Violation(pointer("profiles", profile, "rules", name), detail)
        for profile, rules in profiles.items()
        for name, rule in rules.items()
        if isinstance(rule, LimitRule)
        for detail in _doubts(rule)
    ]


def _doubts(rule: LimitRule) -> Sequence[str]:
    facts = facts_of(rule.path)
    if isinstance(rule, ThresholdRule) and facts.unit == UNKNOWN_UNIT and rule.unit is None:
        near = get_close_matches(rule.metric, METRICS, n=1)
        hint = f"; did you mean {near[0]!a}?" if near else "; set its unit if the producer sends it"
        return [f"{rule.metric!a} is not a metric of this release{hint}"]
    return [
        f"never {verb}: {rule.path} ({facts.unit}) is between {facts.lowest:g} and {facts.highest:g}"
        for verb, bounds in (("fails", rule.fail), ("warns", rule.warn))
        if bounds is not None and bounds.lowest <= facts.lowest and bounds.highest >= facts.highest
    ]
