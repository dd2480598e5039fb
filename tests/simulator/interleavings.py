"""Every interleaving of a few processes, step by step, on stores whose every call is atomic.

A process is a plain function that calls ports. It is advanced by running it again from its start with the answers that it
has had so far; its next call is the next step. So a process's state is the list of its answers, the whole state can be
copied and compared, and states that were met before are not entered twice.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

Work = Callable[["Ports"], object]
Stores = Mapping[str, Any]


class _NextCallError(BaseException):
    """Carries the call that a process makes next."""

    def __init__(self, store: str, method: str, arguments: tuple[Any, ...]) -> None:
        super().__init__(store, method)
        self.call = (store, method, arguments)


@dataclass(frozen=True)
class _Port:
    """Answers calls from what is known; the first one that is not ends the run."""

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
    """What a process is given: a port for each store, and the time at which it started.

    Attributes:
        answers: to the process's calls so far.
        constants: by store: methods and attributes that are no step of their own.
        now: the hub's clock, which stands still while a process lives.
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
    """A process: its work, when it started (None: not yet), its answers, and whether it is over."""

    name: str
    work: Work
    started: datetime | None = None
    answers: tuple[Any, ...] = ()
    over: bool = False


@dataclass(frozen=True)
class State:
    """Where everything stands, and how it came to that."""

    now: datetime
    stores: Stores
    processes: tuple[Process, ...]
    passes: tuple[timedelta, ...]
    path: tuple[str, ...] = ()

    def key(self) -> str:
        """Return what tells states apart."""
        stores = {name: vars(store) for name, store in self.stores.items()}
        lives = [(p.name, p.started, p.answers, p.over) for p in self.processes]
        return repr((self.now, stores, lives, self.passes))


@dataclass(frozen=True)
class World:
    """How processes run.

    Attributes:
        constants: see Ports.
        check: raises AssertionError on a state that must not be.
    """

    constants: Mapping[str, Mapping[str, Any]]
    check: Callable[[State], None]

    def explore(self, start: State) -> tuple[int, list[State]]:
        """Visit every state that can be reached, check each; return their number, and those in which all is over."""
        seen, pending, ends = {start.key()}, [start], []
        while pending:
            state = pending.pop()
            self.check(state)
            following = list(self._following(state))
            if not following:
                ends.append(state)
            for each in following:
                if (key := each.key()) not in seen:
                    seen.add(key)
                    pending.append(each)
        return len(seen), ends

    def run_alone(self, state: State, process: Process) -> State:
        """Return the state after one more process ran to its end undisturbed."""
        state = replace(state, processes=(process,), passes=())
        while not all(each.over for each in state.processes):
            state = self._advance(state, 0)
        return state

    def _following(self, state: State) -> Iterator[State]:
        for index, process in enumerate(state.processes):
            if not process.over:
                yield self._advance(state, index)
        if state.passes:
            yield _pass(state)

    def _advance(self, state: State, index: int) -> State:
        process = state.processes[index]
        process = replace(process, started=process.started or state.now)
        call = self._next_call(process)
        stores, step = state.stores, "ends"
        if call is None:
            process = replace(process, over=True)
        else:
            store, method, arguments = call
            touched = copy.deepcopy(state.stores[store], {})
            stores = {**state.stores, store: touched}
            process = replace(process, answers=(*process.answers, _answer(touched, method, arguments)))
            step = f"{store}.{method}"
        processes = (*state.processes[:index], process, *state.processes[index + 1 :])
        return replace(
            state, stores=stores, processes=processes, path=(*state.path, f"{process.name}: {step}")
        )

    def _next_call(self, process: Process) -> tuple[str, str, tuple[Any, ...]] | None:
        assert process.started is not None
        try:
            process.work(Ports(iter(process.answers), self.constants, process.started))
        except _NextCallError as following:
            return following.call
        except Exception:  # noqa: BLE001 - a refusal ends a process as well as success does
            return None
        return None


def _answer(store: Any, method: str, arguments: tuple[Any, ...]) -> Any:
    try:
        return getattr(store, method)(*arguments)
    except Exception as error:  # noqa: BLE001 - the process is told, as by the real port
        return error


def _pass(state: State) -> State:
    """Let time pass, longer than any process lives: whatever had begun has crashed where it stood."""
    processes = tuple(replace(p, over=p.over or p.started is not None) for p in state.processes)
    first, *rest = state.passes
    return replace(
        state,
        now=state.now + first,
        processes=processes,
        passes=tuple(rest),
        path=(*state.path, f"{first} pass"),
    )
