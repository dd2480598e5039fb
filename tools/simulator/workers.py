"""The relay and the workers: batches and messages in, redelivery after every failure."""

from datetime import timedelta

from pydantic import ValidationError

from events.envelope import CloudEvent
from functions.hub.ports import DependencyUnavailableError
from infra.functions import FUNCTIONS
from tools.simulator.hub import Hub
from tools.simulator.queues import UNREADABLE_MESSAGE, Message, Queue
from tools.simulator.streams import Shard, StreamRecord
from tools.simulator.tasks import Crash, Task

RELAY_TIMEOUT = timedelta(seconds=FUNCTIONS["event_relay"].timeout_seconds)
WORKER_TIMEOUT = timedelta(seconds=FUNCTIONS["risk_engine"].timeout_seconds)


class Relays:
    """The event sources of all streams."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._batches = 0

    def act(self) -> bool:
        """Deliver one batch; return whether one was waiting."""
        hub = self.hub
        waiting = [shard for stream in (hub.snapshot_stream, hub.report_stream) for shard in stream.pending()]
        if not waiting:
            return False
        shard = hub.random.choice(waiting)
        batch = shard.batch(hub.random.randint(1, 10))
        shard.busy = True
        self._deliver(shard, batch)
        if hub.faults.occurs("duplicate"):
            self._deliver(None, shard.records[: hub.random.randint(1, len(shard.records))][-3:])
        return True

    def _deliver(self, shard: Shard | None, batch: list[StreamRecord]) -> None:
        self._batches += 1
        what = f"{len(batch)} records{'' if shard else ' again'}"
        self.hub.start(
            f"relay-{self._batches}",
            lambda: self.hub.relay(batch),
            lambda task: self._delivered(task, shard, len(batch)),
            RELAY_TIMEOUT,
            what=what,
        )

    def _delivered(self, task: Task, shard: Shard | None, count: int) -> None:
        failed = isinstance(task.error, Crash | DependencyUnavailableError)
        if task.error is not None and not failed:
            raise task.error
        if shard is None:
            return
        shard.busy = False
        if failed:
            shard.fail(self._give_up)
        elif not self.hub.faults.occurs("duplicate"):
            shard.acknowledge(count)

    def _give_up(self, record: StreamRecord) -> None:
        """Send only the keys to the failure queue, as the event source does after its last attempt."""
        self.hub.failures.kept.append(record["dynamodb"].get("Keys"))


class Workers:
    """The consumers of the queues: the engines, and a worker that records each risk report and signal once."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._messages = 0
        self._noted: set[str] = set()

    def act(self) -> bool:
        """Deliver one message to its worker; return whether one was visible."""
        queues = [queue for queue in self.hub.queues if queue.messages]
        self.hub.random.shuffle(queues)
        return any(self._serve(queue) for queue in queues)

    def _serve(self, queue: Queue) -> bool:
        message = queue.receive()
        if message is None:
            return False
        self._messages += 1
        self.hub.start(
            f"{queue.name}-{self._messages}",
            lambda: self._work(queue, message),
            lambda task: self._worked(task, queue, message),
            WORKER_TIMEOUT,
            what=f"receive {message.receives}",
        )
        return True

    def _work(self, queue: Queue, message: Message) -> tuple[CloudEvent, str]:
        event = CloudEvent.model_validate_json(message.text)
        return event, self.hub.workers.get(queue.name, self._handle_by_second_worker)(event)

    def _handle_by_second_worker(self, event: CloudEvent) -> str:
        return self.hub.wire.call("notes.put_once", lambda: self._note_once(event.id))

    def _note_once(self, event_id: str) -> str:
        if event_id in self._noted and self.hub.dependencies.notes_once:
            return "repeated"
        self._noted.add(event_id)
        self.hub.ledger.effects[event_id] += 1
        return "noted"

    def _worked(self, task: Task, queue: Queue, message: Message) -> None:
        if isinstance(task.error, Crash | DependencyUnavailableError):
            return
        if isinstance(task.error, ValidationError) and message.text == UNREADABLE_MESSAGE:
            return
        if task.error is not None:
            raise task.error
        event, outcome = task.value
        self.hub.trace.add(self.hub.clock.now, task.name, f"{outcome} {event.data['version']}")
        if queue.name in self.hub.workers:
            self.hub.ledger.record_handling(queue.name, event, outcome, task.readings[0])
        queue.delete(message)
