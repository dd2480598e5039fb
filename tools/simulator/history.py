"""One history: actors run in the seed's order, then faults end, redelivery completes, and checks run."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import Covariance, RealizedReturns
from risk_hub_contracts.blob.write import encode_covariance, encode_returns
from tools.simulator.checks import check_final_state
from tools.simulator.faults import Faults
from tools.simulator.hub import Hub, HubDependencies
from tools.simulator.ledger import require
from tools.simulator.movers import Movers
from tools.simulator.operators import Operators
from tools.simulator.producers import Producers
from tools.simulator.readers import Readers
from tools.simulator.seam_checks import check_seam
from tools.simulator.trace import BrokenInvariantError, Trace
from tools.simulator.workers import Relays, Workers

STEPS_MAX = 400
DRAIN_STEPS_MAX = 5_000
TASKS_MAX = 6
PUBLICATIONS_MAX = 9
READS_MAX = 9
# After the last publication of a quiet history, moves and reads continue under faults.
MOVE_STEPS_MAX = 60
READS_ACROSS_THE_SEAM = 6
PAUSES_SECONDS = (0.001, 0.05, 1, 4, 16, 20, 61, 900, 4_000)
LONG_WAIT_SHARE = 0.5
DEFAULT_DEPENDENCIES = HubDependencies()


@dataclass(frozen=True)
class Outcome:
    """Result of a history; `broken` is the violated invariant, with its trace."""

    seed: int
    commits: int
    reports: int
    reads: int
    boundaries: int
    moves: Counter[str]
    faults: Counter[str]
    trace: Trace
    broken: BrokenInvariantError | None = None

    def report(self) -> str:
        """Return the information needed to find the bug."""
        if self.broken is None:
            struck = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
            return f"seed {self.seed}: sound ({self.commits} commits; faults: {struck or 'none'})"
        return "\n".join(
            [
                f"seed {self.seed} breaks {self.broken}",
                *self.trace.lines(self.broken.about),
                f"replay: python -m tools.simulator --seed {self.seed}",
            ]
        )


def run_history(
    seed: int,
    dependencies: HubDependencies = DEFAULT_DEPENDENCIES,
    *,
    faults: Callable[[Random], Faults] = Faults.draw,
) -> Outcome:
    """Run the history of a seed and check it."""
    random = Random(seed)
    history = History(random, faults(random), dependencies)
    broken: BrokenInvariantError | None = None
    try:
        history.run()
    except BrokenInvariantError as error:
        broken = error
    except Exception as error:  # noqa: BLE001  (an unexpected error is a finding too)
        broken = BrokenInvariantError("INV-11", f"unexpected {type(error).__name__}: {error}")
    finally:
        history.hub.tasks.abort()
    return history.outcome(seed, broken)


class History:
    """The actors and the scheduler."""

    def __init__(self, random: Random, faults: Faults, dependencies: HubDependencies) -> None:
        self.random = random
        self.hub = Hub(random, faults, dependencies)
        self.producers = Producers(self.hub, random.randint(2, PUBLICATIONS_MAX))
        self.readers = Readers(self.hub, random.randint(2, READS_MAX))
        self.relays, self.workers = Relays(self.hub), Workers(self.hub)
        self.operators, self.movers = Operators(self.hub), Movers(self.hub, self.readers)
        self._menu = [
            *[self._resume] * random.choice((2, 8)),
            *[self.producers.act] * 3,
            *[self.readers.act] * 2,
            *[self.relays.act] * 2,
            *[self.workers.act] * 2,
            *[self.movers.act] * (6 if self.hub.is_quiet else 1),
            *[self._wait] * random.choice((1, 1, 4)),
            self._damage,
            self.operators.act,
        ]

    def run(self) -> None:
        for _ in range(STEPS_MAX):
            if not (self.producers.planned or self.readers.planned):
                break
            self._act(self._menu)
        if self.hub.is_quiet:
            self._continue_moving()
        self._drain()
        check_final_state(self.hub, self.readers)
        if self.hub.is_quiet:
            check_seam(self.hub, self.readers)
        self.readers.repeat_settled()

    def outcome(self, seed: int, broken: BrokenInvariantError | None) -> Outcome:
        hub = self.hub
        return Outcome(
            seed=seed,
            commits=len(hub.ledger.commits),
            reports=len(hub.ledger.reports),
            reads=self.readers.queries_sent,
            boundaries=hub.faults.boundaries,
            moves=hub.ledger.moves + Counter({"crashed movers": self.movers.crashes}),
            faults=hub.faults.counts,
            trace=hub.trace,
            broken=broken,
        )

    def _act(self, menu: Sequence[Callable[[], bool]]) -> None:
        full = len(self.hub.tasks.live) >= TASKS_MAX
        (self._resume if full else self.random.choice(menu))()

    def _continue_moving(self) -> None:
        self.readers.planned = READS_ACROSS_THE_SEAM
        menu = [*[self._resume] * 2, self.producers.act, *[self.movers.act] * 4]
        for _ in range(MOVE_STEPS_MAX):
            if not self.hub.snapshots.store.rows:
                break
            self._act(menu)

    def _resume(self) -> bool:
        if not self.hub.tasks.live:
            return False
        self.hub.tasks.resume_one()
        return True

    def _wait(self) -> bool:
        """Let time pass: sometimes days, but mostly little while processes are running."""
        few = 6 if self.random.random() < LONG_WAIT_SHARE else 4
        choices = PAUSES_SECONDS[: few if self.hub.tasks.live else None]
        self.hub.clock.advance(seconds=self.random.choice(choices))
        return True

    def _damage(self) -> bool:
        """Overwrite, truncate or remove a blob without the hub's knowledge."""
        objects = self.hub.blobs.store.objects
        sound = [ref for ref in objects if ref.rpartition("/")[2] not in self.hub.ledger.damaged]
        if not sound or not self.hub.faults.occurs("damage"):
            return False
        ref = self.random.choice(sound)
        kind, data = objects[ref]
        self.hub.ledger.damaged.add(ref.rpartition("/")[2])
        how = self.random.choice(("overwritten", "cut", "removed"))
        self.hub.trace.add(self.hub.clock.now, "-", f"blob {ref[-8:]} {how}")
        if how == "removed":
            del objects[ref]
        else:
            objects[ref] = (kind, data[:-1] if how == "cut" else _other_numbers(data))
        return True

    def _drain(self) -> None:
        """End all faults and continue until no actor has work left."""
        self.hub.faults.on = False
        self.readers.planned = 0
        self.hub.trace.add(self.hub.clock.now, "-", "faults end")
        work = (
            self._resume,
            self.producers.act,
            self.relays.act,
            self.workers.act,
            self.operators.redrive,
            self._next,
        )
        for _ in range(DRAIN_STEPS_MAX):
            if not any(act() for act in work):
                return
        require(holds=False, invariant="INV-04", detail="the hub does not come to rest")

    def _next(self) -> bool:
        """Wait for the next message that becomes visible."""
        instants = [instant for queue in self.hub.queues if (instant := queue.next_visible()) is not None]
        if not instants:
            return False
        self.hub.clock.now = max(self.hub.clock.now, min(instants) + timedelta(microseconds=1))
        return True


def _other_numbers(data: bytes) -> bytes:
    """Return a valid blob of the same form with every number doubled."""
    held = decode(data)
    if isinstance(held, Covariance):
        return encode_covariance(held.ids, [value * 2 for value in held.values])
    if isinstance(held, RealizedReturns):
        return encode_returns([value * 2 for value in held.series()[0]])
    return data
