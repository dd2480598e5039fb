"""Warnings that make a report's numbers meaningless; a meaningless number cannot meet a limit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from functions.evaluation.exits.readings import Evaluation
from risk_hub_contracts.policies.exit_policy import ExitPolicy


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the numbers of a report are in doubt.

    Attributes:
        unanswered: warning codes that make the numbers meaningless and that the policy does not name.
        answered: whether the policy names an action other than `ignore` for a code that makes the numbers
            meaningless.
    """

    unanswered: tuple[str, ...] = ()
    answered: bool = False

    def __bool__(self) -> bool:
        """Return whether the numbers of the report are in doubt, so that none can meet a limit."""
        return self.answered or bool(self.unanswered)


def doubt_of(policy: ExitPolicy, evaluation: Evaluation) -> Doubt:
    """Return the doubt about a report; a code that the policy ignores does not count."""
    codes = {
        str(row.get("code")) for row in warning_rows(evaluation) if row.get("makes_insufficient") is True
    }
    named = {policy.on_warning[code] for code in codes if code in policy.on_warning}
    return Doubt(tuple(sorted(codes - policy.on_warning.keys())), bool(named - {"ignore"}))


def warning_rows(evaluation: Evaluation) -> Iterator[Mapping[str, Any]]:
    """Yield the warnings of a report, which an engine of another release may have written."""
    warnings = evaluation.document.get("warnings")
    yield from (row for row in (warnings if isinstance(warnings, list) else []) if isinstance(row, Mapping))
