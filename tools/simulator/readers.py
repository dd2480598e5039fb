"""Readers: send any query, check each answer against the model, and repeat settled queries at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import BlobError, DependencyUnavailableError
from functions.hub.use_cases.read_snapshots import FoundSnapshotPage, Moment
from risk_hub_contracts.api.queries import LatestQuery, ListQuery, LookupQuery, parse_query
from risk_hub_contracts.base.limits import KNOWN_AT_SETTLE_SECONDS
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.blob.types import BlobFormatError
from tools.simulator.hub import Hub
from tools.simulator.ledger import differences, require
from tools.simulator.model import Commit, Order, ReadQuery, as_text
from tools.simulator.read_queries import draw_query
from tools.simulator.tasks import Crash, Task

PAGES_MAX = 4
SETTLE = timedelta(seconds=KNOWN_AT_SETTLE_SECONDS)
TIMEOUT = timedelta(seconds=14)
ABSENT = frozenset({"snapshot-not-found", "snapshot-expired", "world-unknown"})


@dataclass(frozen=True)
class Answer:
    """One answer as received, and the commits at the time of the query and of the answer."""

    documents: tuple[dict[str, Any], ...]
    more: bool
    moment: Moment | None
    reading: datetime
    after: Order | None
    commits_before: int
    commits_after: int
    absence: str | None

    def same_as(self, other: "Answer") -> bool:
        """Return whether the other answer has the same bytes."""
        return self.as_bytes() == other.as_bytes()

    def as_bytes(self) -> bytes:
        return orjson.dumps([self.documents, self.more, self.absence])


class Readers:
    """All readers of a history."""

    def __init__(self, hub: Hub, planned: int) -> None:
        self.hub, self.planned = hub, planned
        self.settled: list[tuple[ReadQuery, Sequence[Answer]]] = []
        self.queries_sent = 0

    def act(self) -> bool:
        """Send one query; return whether there was one to send."""
        if not self.planned:
            return False
        self.planned -= 1
        if self.hub.random.random() < 0.15 and self.hub.ledger.commits:
            self._start_expansion(self.hub.random.choice(self.hub.ledger.commits))
            return True
        query = draw_query(self.hub)
        self.queries_sent += 1
        self.hub.start(
            f"read-{self.queries_sent}",
            lambda: self.run_query(query),
            self._check_answers,
            TIMEOUT,
            subject=query,
            what="asks",
        )
        return True

    def run_query(self, query: ReadQuery) -> list[Answer]:
        """Send a query; a list is followed page by page."""
        answers: list[Answer] = []
        cursor: str | None = None
        after: Order | None = None
        for _ in range(PAGES_MAX):
            answer, cursor = self._read_page(query, cursor, after)
            answers.append(answer)
            if cursor is None:
                break
            last = answer.documents[-1]
            after = self.hub.ledger.commit_of(last["world_id"], last["version"]).order
        return answers

    def check(self, query: ReadQuery, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self._check_moment(query, answer)
            self._check_one(query, answer)

    def repeat_settled(self) -> None:
        """Repeat the queries whose answers can no longer change (INV-08)."""
        for query, answers in self.settled:
            again = self.run_query(query)
            same = len(again) == len(answers) and all(map(Answer.same_as, answers, again))
            require(same, "INV-08", f"a settled answer changed: {query}")

    def _check_answers(self, task: Task) -> None:
        if isinstance(task.error, Crash | DependencyUnavailableError):
            return
        if task.error is not None:
            raise task.error
        query, answers = task.subject, task.value
        self.check(query, answers)
        if query.known_at is not None and query.known_at <= answers[0].reading - SETTLE:
            self.settled.append((query, answers))

    def _read_page(
        self, query: ReadQuery, cursor: str | None, after: Order | None
    ) -> tuple[Answer, str | None]:
        before = len(self.hub.ledger.commits)
        moment: Moment | None = None
        found: Sequence[SnapshotRecord] = ()
        more = absence = None
        try:
            moment, found, more = self._read(query, cursor)
        except ProblemError as problem:
            absence = problem.type.slug
            require(absence in ABSENT, "INV-03", f"{query}: {problem.detail}")
        reading = self.hub.last_reading()
        documents = tuple(stored.to_answer(moment.at) for stored in found) if moment is not None else ()
        commits = len(self.hub.ledger.commits)
        return Answer(documents, more is not None, moment, reading, after, before, commits, absence), more

    def _read(
        self, query: ReadQuery, cursor: str | None
    ) -> tuple[Moment, Sequence[SnapshotRecord], str | None]:
        parameters = {
            name: text for name, text in self._parameters(query, cursor).items() if text is not None
        }
        if query.kind == "page":
            page: FoundSnapshotPage = self.hub.read.page(query.world_id, parse_query(ListQuery, parameters))
            return page.moment, page.stored, page.next_cursor
        if query.version is not None or query.until is not None:
            found = self.hub.read.lookup(query.world_id, parse_query(LookupQuery, parameters))
        else:
            found = self.hub.read.latest(query.world_id, parse_query(LatestQuery, parameters))
        return found.moment, [found.stored], None

    def _parameters(self, query: ReadQuery, cursor: str | None) -> dict[str, str | None]:
        common = {
            "stage": query.stage,
            "actor": query.actor,
            "known_at": _text(query.known_at),
            "include_expired": "true" if query.include_expired else None,
        }
        if query.kind != "page":
            return {**common, "version": query.version, "as_of": _text(query.until)}
        bounds = {"from": _text(query.since), "to": _text(query.until), "cursor": cursor}
        order = "asc" if query.ascending else "desc"
        return {**common, **bounds, "limit": str(query.limit), "order": order}

    def _check_moment(self, query: ReadQuery, answer: Answer) -> None:
        moment = answer.moment
        if moment is None:
            return
        at = query.known_at or answer.reading
        require(moment.at == at, "INV-07", f"expiry was judged at {moment.at}, not at {at}")
        settled = query.known_at is not None and query.known_at <= answer.reading - SETTLE
        require(bool(moment.settled()) == settled, "INV-08", f"settled={moment.settled()} for {query}")

    def _check_one(self, query: ReadQuery, answer: Answer) -> None:
        """Find a moment between query and answer at which the model gives the same answer."""
        at = query.known_at or answer.reading
        for count in range(answer.commits_before, answer.commits_after + 1):
            full = query.answer(self.hub.ledger.commits[:count], at, answer.after)
            if _matches(answer, full[: query.limit], more=query.kind == "page" and len(full) > query.limit):
                self._check_documents(full, answer, at)
                return
        got = [document["version"] for document in answer.documents]
        wanted = [commit.content.version for commit in full]
        detail = f"{got} (more: {answer.more}) is not the start of {wanted} at {at}: {query}"
        require(holds=False, invariant=self._violated_invariant(query, answer, at), detail=detail)

    def _check_documents(self, expected: Sequence[Commit], answer: Answer, at: datetime) -> None:
        for commit, document in zip(expected, answer.documents, strict=False):
            wrong = list(differences(commit.shown(at), document))
            invariant = "INV-07" if wrong == ["expired"] else "INV-01"
            require(not wrong, invariant, f"{commit.key} is shown with other {wrong}", commit.content.version)

    def _violated_invariant(self, query: ReadQuery, answer: Answer, at: datetime) -> str:
        """Return the violated invariant: without its rule, the model gives this wrong answer."""
        commits = self.hub.ledger.commits[: answer.commits_after]
        for invariant, loose in (
            ("INV-07", replace(query, include_expired=True)),
            ("INV-08", replace(query, known_at=None)),
        ):
            full = loose.answer(commits, at, answer.after)
            if loose != query and [c.key[1] for c in full[: len(answer.documents)]] == [
                document["version"] for document in answer.documents
            ]:
                return invariant
        return "INV-03"

    def _start_expansion(self, commit: Commit) -> None:
        query = ReadQuery(commit.key[0], "version", version=commit.key[1], include_expired=True)
        self.hub.start(
            "expand",
            lambda: self._expand(query),
            self._expanded,
            TIMEOUT,
            subject=commit,
            what=commit.key[1],
        )

    def _expand(self, query: ReadQuery) -> dict[str, Any]:
        moment, found, _ = self._read(query, None)
        answer = found[0].to_answer(moment.at)
        return self.hub.expand(answer, self.hub.expand.too_large(answer, 1_000))

    def _expanded(self, task: Task) -> None:
        commit: Commit = task.subject
        if isinstance(task.error, BlobError):
            excused = task.error.ref.sha256 in self.hub.ledger.damaged
            require(excused, "INV-06", f"a sound blob was refused: {task.error}", commit.content.version)
        elif task.error is None:
            covariance = task.value.get("covariance", {"upper": commit.content.covariance or ()})
            same = tuple(covariance["upper"]) == (commit.content.covariance or ())
            require(same, "INV-06", f"{commit.key} was shown with other numbers", commit.content.version)
        elif isinstance(task.error, BlobFormatError):
            require(
                holds=False, invariant="INV-06", detail=f"{commit.key}: a damaged blob was read: {task.error}"
            )
        elif not isinstance(task.error, Crash | DependencyUnavailableError):
            raise task.error


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else as_text(instant)


def _matches(answer: Answer, expected: Sequence[Commit], *, more: bool) -> bool:
    keys = [(document["world_id"], document["version"]) for document in answer.documents]
    return keys == [commit.key for commit in expected] and answer.more == more
