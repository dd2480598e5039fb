"""The rules that the oracle checks, and a violation of one."""

from dataclasses import dataclass
from typing import Final

RULES: Final = frozenset(
    {
        "acknowledged item lost",
        "anchors incomplete",
        "chain broken",
        "conflict acknowledged",
        "evaluation with two inputs",
        "fold differs",
        "item changed",
        "item doubled",
        "item lost",
        "items swapped",
        "list entry differs",
        "override lost",
        "override replaced by a re-evaluation",
        "retry dropped",
        "sound request refused",
        "sound run reported",
        "tail cut",
        "unsent item",
        "verdict not by the policy",
        "verdict without a record",
        "verification missed a damage",
    }
)


@dataclass(frozen=True, order=True)
class Finding:
    """A violated rule, the run, and the evidence."""

    rule: str
    run: str
    detail: str

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"{self.rule!r} is not a rule of the oracle")
