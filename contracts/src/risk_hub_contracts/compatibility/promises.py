"""Promises of the contract beyond its operations: schemas, problems, limits, metrics, golden requests."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from risk_hub_contracts.api.schemas import REQUEST_FILES
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.compatibility.findings import Finding, Findings
from risk_hub_contracts.compatibility.schemas import answer_faults, request_faults
from risk_hub_contracts.golden import accept

Json = Mapping[str, Any]

# Limits that each deployment chooses.
CHOSEN: Final = frozenset({"inline_cov_threshold", "offload"})


def schema_faults(released: Mapping[str, Json], now: Mapping[str, Json]) -> Findings:
    """Yield each break in the schema files, by name; event schemas count as answers, which the hub writes."""
    for name, schema in released.items():
        if name not in now:
            yield Finding(f"schema {name}", "is gone")
            continue
        judge = request_faults if name in REQUEST_FILES else answer_faults
        yield from judge((schema, schema), (now[name], now[name]), f"schema {name}")


def problem_faults(released: Mapping[str, int], now: Mapping[str, int]) -> Findings:
    """Yield each problem type that is missing or has another status."""
    for slug, status in released.items():
        if slug not in now:
            yield Finding(f"problem {slug}", "is gone")
        elif now[slug] != status:
            yield Finding(f"problem {slug}", f"its status was {status} and is {now[slug]}")


def limit_faults(released: Json, now: Json) -> Findings:
    """Yield each served limit that is missing or tighter: a maximum may rise, a minimum fall, others stay."""
    for name in released.keys() - CHOSEN:
        if name not in now:
            yield Finding(f"limit {name}", "is served no more")
        elif not _is_kept(name, released[name], now[name]):
            yield Finding(f"limit {name}", f"was {released[name]} and is {now[name]}")


def _is_kept(name: str, was: float, now: float) -> bool:
    words = name.split("_")
    if "max" in words:
        return now >= was
    return now <= was if "min" in words else now == was


def metric_faults(released: Mapping[str, Json], now: Mapping[str, Json]) -> Findings:
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


def example_faults(released: Sequence[Json]) -> Findings:
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
