"""Promises of the contract: its operations, schemas, problems, limits, metrics, golden requests."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from risk_hub_contracts.api.schemas import REQUEST_FILES
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.compatibility.findings import Finding, Findings
from risk_hub_contracts.compatibility.operations import operation_findings
from risk_hub_contracts.compatibility.release import Contract
from risk_hub_contracts.compatibility.schemas import answer_findings, request_findings
from risk_hub_contracts.golden import accept

Json = Mapping[str, Any]

# Limits that each deployment chooses.
DEPLOYMENT_LIMITS: Final = frozenset({"inline_cov_threshold", "offload"})


def contract_findings(released: Contract, now: Contract) -> Findings:
    """Yield each broken promise of the released contract; `now` must belong to the running code."""
    yield from operation_findings(released.openapi, now.openapi)
    yield from schema_findings(released.schemas, now.schemas)
    yield from schema_findings(released.events, now.events)
    yield from problem_findings(released.problems, now.problems)
    yield from limit_findings(released.limits, now.limits)
    yield from metric_findings(released.metrics, now.metrics)
    yield from example_findings(released.examples)


def schema_findings(released: Mapping[str, Json], now: Mapping[str, Json]) -> Findings:
    """Yield each break in the schema files, by name; event schemas count as answers, which the hub writes."""
    for name, schema in released.items():
        if name not in now:
            yield Finding(f"schema {name}", "is gone")
            continue
        compare = request_findings if name in REQUEST_FILES else answer_findings
        yield from compare((schema, schema), (now[name], now[name]), f"schema {name}")


def problem_findings(released: Mapping[str, int], now: Mapping[str, int]) -> Findings:
    """Yield each problem type that is missing or has another status."""
    for slug, status in released.items():
        if slug not in now:
            yield Finding(f"problem {slug}", "is gone")
        elif now[slug] != status:
            yield Finding(f"problem {slug}", f"its status was {status} and is {now[slug]}")


def limit_findings(released: Json, now: Json) -> Findings:
    """Yield each served limit that is missing or tighter: a maximum may rise, a minimum fall, others stay."""
    for name in released.keys() - DEPLOYMENT_LIMITS:
        if name not in now:
            yield Finding(f"limit {name}", "is no longer served")
        elif not _is_not_tighter(name, released[name], now[name]):
            yield Finding(f"limit {name}", f"was {released[name]} and is {now[name]}")


def _is_not_tighter(name: str, was: float, now: float) -> bool:
    words = name.split("_")
    if "max" in words:
        return now >= was
    return now <= was if "min" in words else now == was


def metric_findings(released: Mapping[str, Json], now: Mapping[str, Json]) -> Findings:
    """Yield each metric that is missing, has another unit or lost a dimension set: it breaks alarms."""
    for name, metric in released.items():
        place = f"metric {name}"
        if name not in now:
            yield Finding(place, "is gone")
            continue
        if now[name]["unit"] != metric["unit"]:
            yield Finding(place, f"its unit was {metric['unit']} and is {now[name]['unit']}")
        written = {frozenset(each) for each in now[name]["dimensions"]}
        for dimensions in metric["dimensions"]:
            if frozenset(dimensions) not in written:
                yield Finding(place, f"is no longer written by {{{', '.join(dimensions)}}}")


def example_findings(released: Sequence[Json]) -> Findings:
    """Yield each golden request that is newly rejected, has another hash, or is rejected differently."""
    for example in released:
        place, expected = f"example {example['name']}", example["expected"]
        try:
            content_hash = accept(example["request"]).content_hash
        except ProblemError as error:
            problem = error.to_problem()
            found = {"status": problem["status"], "type": problem["type"]}
            if found != {name: expected.get(name) for name in found}:
                yield Finding(place, f"is answered {found['status']} {found['type']}")
        else:
            # A rejected request may become acceptable later; an accepted one keeps its hash.
            if expected.get("content_hash", content_hash) != content_hash:
                yield Finding(place, f"its hash was {expected['content_hash']} and is {content_hash}")
