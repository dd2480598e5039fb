"""The identity of an evaluation run: world, strategy and run id."""

from dataclasses import dataclass
from typing import Final, Self

from risk_hub_contracts.base.ids import id_violation, name_violation

__all__ = ["RunKey"]

SEPARATOR: Final = "/"


@dataclass(frozen=True, slots=True, order=True)
class RunKey:
    """One run of one strategy of one world."""

    world_id: str
    strategy_id: str
    run_id: str

    def __post_init__(self) -> None:
        """Refuse names outside their grammar.

        Raises:
            ValueError: with the field and what is allowed.
        """
        found = {
            "world_id": id_violation(self.world_id),
            "strategy_id": name_violation(self.strategy_id),
            "run_id": id_violation(self.run_id),
        }
        for name, violation in found.items():
            if violation is not None:
                raise ValueError(f"{name}: {violation}")

    @property
    def text(self) -> str:
        """Return the key as one text.

        The strategy is last, because only its name may contain the separator: two keys never have equal
        texts.
        """
        return SEPARATOR.join((self.world_id, self.run_id, self.strategy_id))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text of a key.

        Raises:
            ValueError: it is not the text of a key.
        """
        world_id, _, rest = text.partition(SEPARATOR)
        run_id, _, strategy_id = rest.partition(SEPARATOR)
        return cls(world_id, strategy_id, run_id)
