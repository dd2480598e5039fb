"""Each planted bug is found within a bounded number of seeds, and its violated invariant is named."""

import pytest

from tools.simulator.__main__ import run_many
from tools.simulator.planted_bugs import PLANTED_BUGS

SEEDS_MAX = 600


@pytest.mark.parametrize("name", PLANTED_BUGS)
def test_the_simulator_finds_the_planted_bug(name: str) -> None:
    plant = PLANTED_BUGS[name]
    broken = next(
        (o.broken for o in run_many(0, SEEDS_MAX, plant.dependencies) if o.broken is not None), None
    )
    assert broken is not None, f"{name}: not found in {SEEDS_MAX} histories"
    assert broken.invariant in plant.breaks, str(broken)
