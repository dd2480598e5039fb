"""A worker's queue: at least once, in any order; a message that fails too often becomes a dead letter."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tools.simulator.faults import Faults
from tools.simulator.wire import HubClock

RECEIVE_MAX_COUNT = 5
VISIBILITY = timedelta(seconds=360)
DELAYS_SECONDS = (1, 30, 600)
UNREADABLE_MESSAGE = '{"not": "an event"}'


@dataclass(eq=False)
class Message:
    text: str
    visible_at: datetime
    receives: int = 0


@dataclass
class Queue:
    """One queue and its dead-letter queue."""

    name: str
    random: Random
    clock: HubClock
    faults: Faults
    messages: list[Message] = field(default_factory=list)
    dead_letters: list[Message] = field(default_factory=list)

    def send(self, text: str) -> None:
        """Put the message on the queue, perhaps twice, perhaps late."""
        copies = 2 if self.faults.occurs("duplicate") else 1
        for _ in range(copies):
            late = self.random.choice(DELAYS_SECONDS) if self.faults.occurs("delay") else 0
            self.messages.append(Message(text, self.clock.now + timedelta(seconds=late)))
        if self.faults.occurs("poison"):
            self.messages.append(Message(UNREADABLE_MESSAGE, self.clock.now))

    def receive(self) -> Message | None:
        """Return any visible message, hidden from others for a while; None if no message is visible."""
        visible = [message for message in self.messages if message.visible_at <= self.clock.now]
        if not visible:
            return None
        message = self.random.choice(visible)
        if message.receives >= RECEIVE_MAX_COUNT:
            self.messages.remove(message)
            self.dead_letters.append(message)
            return self.receive()
        message.receives += 1
        if not self.faults.occurs("duplicate"):
            message.visible_at = self.clock.now + VISIBILITY
        return message

    def delete(self, message: Message) -> None:
        if message in self.messages and not self.faults.occurs("lost answer"):
            self.messages.remove(message)

    def redrive(self) -> int:
        """Move the messages that a worker can handle back from the dead-letter queue; return their number."""
        moved = [message for message in self.dead_letters if message.text != UNREADABLE_MESSAGE]
        self.dead_letters = [message for message in self.dead_letters if message.text == UNREADABLE_MESSAGE]
        self.messages += [Message(message.text, self.clock.now) for message in moved]
        return len(moved)

    def next_visible(self) -> datetime | None:
        return min((message.visible_at for message in self.messages), default=None)
