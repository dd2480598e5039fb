"""Exhaustive exploration of the interleavings of a few processes, on stores whose calls are atomic.

A process is a plain function that calls ports. To advance it, run it again from the start with the answers it
has received so far; its next call is the next step. The state of a process is therefore its list of answers,
the whole state can be copied and compared, and states that were visited before are not entered twice.
"""

import copy
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

Work = Callable[["Ports"], object]
Stores = Mapping[str, Any]
_Call = tuple[str, str, tuple[Any, ...]]


class _NextCallError(BaseException):
    """Carry the next call of a process."""

    def __init__(self, store: str, method: str, arguments: tuple[Any, ...]) -> None:
        super().__init__(store, method)
        self.call = (store, method, arguments)


@dataclass(frozen=True)
class _Port:
    """Answer calls from the known answers; the first call without one ends the run."""

    name: str
    answers: Iterator[Any]
    constants: Mapping[str, Any]

    def __getattr__(self, method: str) -> Any:
        if method in self.constants:
            return self.constants[method]

        def call(*arguments: Any) -> Any:
            for answer in self.answers:
                if isinstance(answer, Exception):
                    raise answer
                return answer
            raise _NextCallError(self.name, method, arguments)

        return call


@dataclass(frozen=True)
class Ports:
    """The ports of a process, one for each store, and its start time.

    Attributes:
        answers: answers to the process's calls so far.
        constants: by store: methods and attributes that do not count as a step.
        now: the hub's clock, which does not advance during a process.
    """

    answers: Iterator[Any]
    constants: Mapping[str, Mapping[str, Any]]
    now: datetime

    def __getitem__(self, store: str) -> Any:
        """Return the port of a store."""
        return _Port(store, self.answers, self.constants.get(store, {}))

    def clock(self) -> datetime:
        """Return the time at which the process started."""
        return self.now


@dataclass(frozen=True)
class Process:
    """A process: its work, start time (None: not started), answers, each also as text, and whether it ended."""

    name: str
    work: Work
    started: datetime | None = None
    answers: tuple[Any, ...] = ()
    answer_texts: tuple[str, ...] = ()
    has_ended: bool = False

    def after(self, answer: Any, text: str) -> "Process":
        """Return the process with one more answer."""
        return replace(self, answers=(*self.answers, answer), answer_texts=(*self.answer_texts, text))

    def ended(self) -> "Process":
        """Return the ended process, without its answers: they no longer matter."""
        return replace(self, answers=(), answer_texts=(), has_ended=True)


@dataclass(frozen=True)
class State:
    """The state of all stores and processes, and the steps that led to it."""

    now: datetime
    stores: Stores
    processes: tuple[Process, ...]
    passes: tuple[timedelta, ...]
    path: tuple[str, ...] = ()

    def key(self, cache: "_Cache") -> Hashable:
        """Return the key by which states are compared."""
        stores = tuple(cache.text(store) for store in self.stores.values())
        return (
            self.now,
            stores,
            tuple((p.name, p.started, p.answer_texts, p.has_ended) for p in self.processes),
            self.passes,
        )


@dataclass(frozen=True)
class Explorer:
    """The rules by which processes run.

    Attributes:
        constants: see Ports.
        check: raises AssertionError on an invalid state.
    """

    constants: Mapping[str, Mapping[str, Any]]
    check: Callable[[State], None]

    def explore(self, start: State) -> tuple[int, list[State]]:
        """Visit and check every reachable state; return their number and the states without a running
        process.
        """
        cache = _Cache(self.constants)
        seen, pending, ends = {start.key(cache)}, [start], []
        while pending:
            state = pending.pop()
            self.check(state)
            following = list(_successors(state, cache))
            if not following:
                ends.append(state)
            for each in following:
                if (key := each.key(cache)) not in seen:
                    seen.add(key)
                    pending.append(each)
        return len(seen), ends

    def run_alone(self, state: State, process: Process) -> State:
        """Return the state after one more process ran to its end without interruption."""
        cache = _Cache(self.constants)
        state = replace(state, processes=(process,), passes=())
        while not all(each.has_ended for each in state.processes):
            state = _advance(state, 0, cache)
        return state


@dataclass(frozen=True)
class _Effect:
    """The effect of a call: the store after it, and the answer, also as text."""

    store: Any
    answer: Any
    text: str


@dataclass(frozen=True)
class _Cache:
    """Cache of effects and next calls: they do not depend on the path that led to a store or process."""

    constants: Mapping[str, Mapping[str, Any]]
    calls: dict[Hashable, _Call | None] = field(default_factory=dict)
    effects: dict[Hashable, _Effect] = field(default_factory=dict)
    texts: dict[int, tuple[Any, str]] = field(default_factory=dict)

    def text(self, store: Any) -> str:
        """Return the text by which stores are compared; a store in a state is never modified."""
        if id(store) not in self.texts:
            self.texts[id(store)] = store, repr(vars(store))
        return self.texts[id(store)][1]

    def next_call(self, process: Process) -> _Call | None:
        """Return the next call of a process, or None if it makes no more calls."""
        known = process.work, process.started, process.answer_texts
        if known not in self.calls:
            self.calls[known] = _next_call(process, self.constants)
        return self.calls[known]

    def effect(self, store: Any, method: str, arguments: tuple[Any, ...]) -> _Effect:
        """Return the effect of a call on a store with this content."""
        cache_key = self.text(store), type(store), method, repr(arguments)
        if cache_key not in self.effects:
            touched = copy.deepcopy(store, {})
            answer = _answer(touched, method, arguments)
            self.effects[cache_key] = _Effect(touched, answer, repr(answer))
        return self.effects[cache_key]


def _successors(state: State, cache: _Cache) -> Iterator[State]:
    for index, process in enumerate(state.processes):
        if not process.has_ended:
            yield _advance(state, index, cache)
    if state.passes:
        yield _advance_time(state)


def _advance(state: State, index: int, cache: _Cache) -> State:
    """Let a process make its next call; after its last one, mark it as ended."""
    process = state.processes[index]
    process = replace(process, started=process.started or state.now)
    call = cache.next_call(process)
    assert call is not None, f"{process.name} calls no port"
    name, method, arguments = call
    effect = cache.effect(state.stores[name], method, arguments)
    process = process.after(effect.answer, effect.text)
    return replace(
        state,
        stores={**state.stores, name: effect.store},
        processes=_with(state.processes, index, process if cache.next_call(process) else process.ended()),
        path=(*state.path, f"{process.name}: {name}.{method}"),
    )


def _with(processes: tuple[Process, ...], index: int, process: Process) -> tuple[Process, ...]:
    return (*processes[:index], process, *processes[index + 1 :])


def _next_call(process: Process, constants: Mapping[str, Mapping[str, Any]]) -> _Call | None:
    assert process.started is not None
    try:
        process.work(Ports(iter(process.answers), constants, process.started))
    except _NextCallError as following:
        return following.call
    except Exception:  # noqa: BLE001 - a refusal ends a process as well as success does
        return None
    return None


def _answer(store: Any, method: str, arguments: tuple[Any, ...]) -> Any:
    try:
        return getattr(store, method)(*arguments)
    except Exception as error:  # noqa: BLE001 - the process receives the error, as from the real port
        return error


def _advance_time(state: State) -> State:
    """Advance time beyond the longest life of a process: every process that had started has crashed."""
    first, *rest = state.passes
    return replace(
        state,
        now=state.now + first,
        processes=tuple(each.ended() if each.started else each for each in state.processes),
        passes=tuple(rest),
        path=(*state.path, f"{first} pass"),
    )
