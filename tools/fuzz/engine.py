"""One run of schemathesis over the API description: requests, answers and findings."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tools.fuzz.declared_check import NAME as DECLARED_ANSWER

Json = dict[str, Any]

PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
CHECKS: Final = (
    DECLARED_ANSWER,
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
)
# This check repeats each request without a token, which needs a server: schemathesis cannot do that with
# WSGI.
OVER_HTTP: Final = "ignored_auth"
# Checks that do not apply to this API, with the reason; every other check of schemathesis is in use.
UNUSED_CHECKS: Final[Mapping[str, str]] = {
    "positive_data_acceptance": "JSON Schema cannot express rules across members (weights add up to 1)",
    "ensure_resource_availability": "risk numbers are computed after the answer to a publication",
    "object_level_authorization": "a token is valid for every world",
    "max_response_time": "tests/bench measures times",
}
# A finding of one check at one operation that is intended behaviour.
INTENDED: Final[Mapping[tuple[str, str], str]] = {
    (
        "use_after_free",
        "GET /risk-hub/worlds/{world_id}/exit-policy",
    ): "without a stored policy, the answer is the default",
}
FINDING_MAX_CHARS: Final = 1_500


@dataclass(frozen=True, slots=True)
class Finding:
    """A request whose answer failed a check."""

    check: str
    operation: str
    text: str

    def __str__(self) -> str:
        """Return the finding as a paragraph."""
        return f"{self.check}: {self.operation}\n{self.text}"


@dataclass
class Tally:
    """The counts of a run.

    Attributes:
        cases: number of requests by phase.
        statuses: number of answers by operation and status.
        followed: how often each link of the description was followed.
        findings: failed checks, the first one of each check and operation.
        errors: what stopped the engine from sending requests.
        seconds: duration of the run.
    """

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    followed: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def by_status(self) -> Counter[int]:
        """Return the number of answers by status."""
        found: Counter[int] = Counter()
        for (_, status), count in self.statuses.items():
            found[status] += count
        return found

    def merge(self, other: "Tally") -> None:
        """Add the counts of another run."""
        self.cases += other.cases
        self.statuses += other.statuses
        self.followed += other.followed
        self.findings += other.findings
        self.errors += other.errors
        self.seconds += other.seconds

    def operations(self) -> set[str]:
        """Return the operations that were requested."""
        return {operation for operation, _ in self.statuses}

    def add(self, phase: str, recorder: ScenarioRecorder) -> None:
        """Count a finished scenario."""
        self.cases[phase] += len(recorder.cases)
        for case_id, exchange in recorder.interactions.items():
            if exchange.response is not None and case_id in recorder.cases:
                label = recorder.cases[case_id].value.operation.label
                self.statuses[label, exchange.response.status_code] += 1
        for node in recorder.cases.values():
            if node.transition is not None and node.is_transition_applied:
                self.followed[node.transition.id] += 1
        known = {(found.check, found.operation) for found in self.findings}
        for finding in _findings(recorder):
            if (finding.check, finding.operation) not in known | INTENDED.keys():
                known.add((finding.check, finding.operation))
                self.findings.append(finding)


@dataclass(frozen=True)
class Run:
    """Configuration of one schemathesis run.

    Attributes:
        phases: which phases, of `PHASES`.
        max_examples: requests per operation in the fuzzing phase; sequences of requests in the stateful one.
        checks: which checks, of `CHECKS` and `OVER_HTTP`.
        max_seconds: the run is stopped after this time and reports it in `Tally.errors`; None if the counts
            suffice.
    """

    phases: Sequence[str]
    max_examples: int
    checks: Sequence[str] = CHECKS
    max_seconds: int | None = None

    def config(self, token: str) -> SchemathesisConfig:
        """Return the configuration: the same requests on every run, every failure reported, nothing stored."""
        names = (*CHECKS, OVER_HTTP, *UNUSED_CHECKS)
        settings: Json = {
            "seed": 1,
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "generation": {
                "deterministic": True,
                "max-examples": self.max_examples,
                "no-shrink": True,
                "database": "none",
            },
            "checks": {
                name: {"enabled": name in self.checks} for name in names if name != "max_response_time"
            },
            "phases": {phase: {"enabled": phase in self.phases} for phase in PHASES},
        }
        # Sequences follow the links of the description with valid requests; further links would only be guessed.
        settings["phases"]["stateful"] |= {
            "inference": {"algorithms": []},
            "generation": {"mode": "positive", "max-examples": self.max_examples},
        }
        return SchemathesisConfig.from_dict(settings)

    def send_requests(
        self, document: Json, token: str, *, app: Callable[..., Any] | None = None, url: str | None = None
    ) -> Tally:
        """Send requests to an application in this process, or to the server at a URL, and return the counts."""
        schema = schemathesis.openapi.from_dict(document, config=self.config(token))
        schema.app = app
        if url is not None:
            schema.config.update(base_url=url)
        tally, started = Tally(), time.monotonic()
        stream = from_schema(schema).execute()
        for event in stream:
            if self.max_seconds is not None and time.monotonic() - started > self.max_seconds:
                tally.errors.append(f"stopped after {self.max_seconds} s")
                stream.stop()
                break
            if isinstance(event, events.ScenarioFinished):
                tally.add(event.phase.value, event.recorder)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                tally.errors.append(str(getattr(event, "info", event))[:FINDING_MAX_CHARS])
        tally.seconds = time.monotonic() - started
        return tally


def with_stages(document: Json, stages: Sequence[str]) -> Json:
    """Return the API description with the stages of one deployment, which its patterns leave open."""
    found = deepcopy(document)
    for item in found["paths"].values():
        shared = item.get("parameters", [])
        own = [each for verb, each in item.items() if verb != "parameters"]
        for parameter in (*shared, *(each for operation in own for each in operation.get("parameters", ()))):
            if parameter["name"].lower() in {"stage", "x-stage"}:
                parameter["schema"] = {"type": "string", "enum": sorted(stages)}
    return found


def for_sequences(document: Json) -> Json:
    """Return the API description narrowed to requests whose sequences do not end at the first step.

    Only the routes of snapshots are kept: the sequences begin with a publication. The other phases send requests
    to every route. Generated weights almost never add up to 1, and generated filters hide the snapshot that a link leads to:
    publications choose among a few books, and a lookup asks only by version.
    """
    found = deepcopy(document)
    found["paths"] = {path: item for path, item in found["paths"].items() if "/snapshots" in path}
    request = found["components"]["schemas"]["SnapshotRequest"]
    members = {name: request["properties"][name] for name in ("version", "ttl_sec", "constraints")}
    members["as_of"] = {"type": "string", "enum": ["2025-01-01T00:00:00Z", "2026-01-05T09:30:00.5+09:00"]}
    members["weights"] = {"enum": [{"AAPL": 0.5, "MSFT": 0.5}, {"AAPL": 1.5, "MSFT": -0.5}, {"BTC": 1}]}
    found["components"]["schemas"]["SnapshotRequest"] = {**request, "properties": members}
    lookup = found["paths"]["/risk-hub/worlds/{world_id}/snapshots/lookup"]["get"]
    lookup["parameters"] = [
        {**parameter, "required": True}
        for parameter in lookup["parameters"]
        if parameter["name"] in {"version", "include_expired"}
    ]
    return found


def _findings(recorder: ScenarioRecorder) -> Iterator[Finding]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.status is not Status.SUCCESS:
                info = check.failure_info
                text = "the check itself failed" if info is None else f"{info.failure}\n{info.code_sample}"
                operation = recorder.cases[case_id].value.operation.label
                yield Finding(check.name, operation, text[:FINDING_MAX_CHARS])
