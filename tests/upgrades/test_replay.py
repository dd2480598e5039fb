"""The last release's client, records and events meet this tree's code: every answer is the same as then."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from functions.evaluation.exit_state import EXIT_STATE_KEY_PREFIX
from functions.evaluation.store.dynamodb_policy_versions import POLICY_VERSION_KEY_PREFIX
from functions.evaluation.store.dynamodb_reports import stored_document
from functions.hub.adapters.snapshot_item import stored_hash
from risk_hub_contracts.compatibility.release import last_release
from tests.fakes.clock import START, FrozenClock
from tools.upgrades.deployed_hub import DeployedHub, Json, deployed_hub, instant_of, records, unwire
from tools.upgrades.fixed_world import contains
from tools.upgrades.recomputed import is_recomputed
from tools.upgrades.recorder import send
from tools.upgrades.wire import Wire, preserves, repaired_only, without, wrong_parts

# Creation and expiry times of records depend on the replay; their content does not.
OWN_TIMES = frozenset({"retain_until"})
# They follow from the version of the engine that computed a report.
OF_THE_ENGINE = frozenset({"id", "data", "causationid"})


@pytest.fixture(scope="module")
def released() -> Wire:
    folder = last_release()
    assert folder is not None
    return Wire.read(folder)


@pytest.fixture
def hub() -> Iterator[DeployedHub]:
    with deployed_hub(FrozenClock(START)) as made:
        yield made


def faults(hub: DeployedHub, exchanges: list[Json], repaired: Mapping[str, Sequence[str]]) -> list[str]:
    """Send recorded requests at their times; return those whose answers differ or are still unrepaired."""
    found = []
    for each in exchanges:
        hub.clock.now = instant_of(each["at"])
        answer = send(hub, each["request"])
        requested = f"{each['request']['method']} {each['request']['path']}"
        wrong = wrong_parts(repaired, requested, each["answer"])
        same = (
            preserves(each["answer"], answer)
            if wrong is None
            else repaired_only(each["answer"], answer, wrong)
        )
        if not same:
            found.append(f"{requested}\n  then {each['answer']}\n  now  {answer}")
    return found


def test_recorded_client_requests_get_the_released_answers(hub: DeployedHub, released: Wire) -> None:
    assert faults(hub, [*released.writes, *released.reads], released.repaired) == []
    announced = {_event_key(event): event for event in hub.events}
    assert [e["type"] for e in released.announced if not _is_announced_again(e, announced)] == []


def test_reads_of_released_records_get_the_released_answers(hub: DeployedHub, released: Wire) -> None:
    hub.put_records(released.records)
    assert faults(hub, released.reads, released.repaired) == []


def test_released_events_produce_the_same_derived_records(hub: DeployedHub, released: Wire) -> None:
    hub.put_records(released.records, tables=("snapshots", "worlds", "marks"))
    for event in released.announced:
        hub.clock.now = instant_of(event["time"])
        hub.work_on(event)
    made = {_key(item): item for item in records()["tables"]["evaluations"]}
    wanted = {_key(item): item for item in released.records["tables"]["evaluations"]}
    added = {key: item for key, item in made.items() if key not in wanted}
    assert wanted.keys() <= made.keys()
    assert [key for key, item in added.items() if not _is_new_kind(item)] == []
    assert [key for key, item in wanted.items() if not _is_derived_again(item, made[key])] == []


def test_released_records_are_announced_with_the_same_events(hub: DeployedHub, released: Wire) -> None:
    tables = released.records["tables"]
    hub.put_records(released.records)
    for item in (*tables["snapshots"], *tables["evaluations"]):
        hub.relay(item)
    announced = {_event_key(event): event for event in hub.events}
    assert [e["id"] for e in released.announced if not _is_announced_again(e, announced)] == []


def test_signals_stored_without_a_cause_are_announced_with_their_reason_as_the_cause(
    hub: DeployedHub, released: Wire
) -> None:
    items = [
        i for i in released.records["tables"]["evaluations"] if i["evaluation_id"]["S"].startswith("exit/")
    ]
    for item in items:
        hub.relay(item)
    reasons = [json.loads(item["report"]["S"])["reason"] for item in items]
    assert reasons != []
    assert [event["data"]["cause"] for event in hub.events] == reasons


def test_release_recording_contains_every_kind_of_record(released: Wire) -> None:
    tables = released.records["tables"]
    kinds = {item["evaluation_id"]["S"].split("/")[0] for item in tables["evaluations"]}
    assert kinds >= {"risk", "stress", "exit", "forecast", "seen", "psd"}
    assert {"body" in item for item in tables["snapshots"]} == {True, False}
    assert {"exit_policy" in item for item in tables["worlds"]} == {True, False}
    assert any("expectation" in item for item in tables["worlds"])
    assert {item["mark"]["S"].split("/")[1] for item in tables["marks"]} >= {"claim"}
    assert any("claim_check" in event["data"] for event in released.announced)
    assert {each["key"].split("/")[0] for each in released.records["objects"]} == {
        "risk-blobs",
        "risk-bodies",
    }


def test_release_recording_contains_no_token_or_signature(released: Wire) -> None:
    sent = [
        {name.lower() for name in each["request"]["headers"]} for each in released.writes + released.reads
    ]
    assert not any("authorization" in names for names in sent)
    folder = last_release()
    assert folder is not None
    text = "".join(path.read_text(encoding="utf-8").lower() for path in folder.iterdir())
    for name in ("x-amz-signature", "x-amz-credential", "x-amz-security-token"):
        assert name not in text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: answer | {"status": 201},
        lambda answer: answer | {"headers": {}},
        lambda answer: answer | {"body": answer["body"].replace('"content_hash"', '"hash"')},
        lambda answer: answer | {"body": answer["body"].replace('"ttl_sec":3600', '"ttl_sec":3601')},
    ],
)
def test_reduced_or_changed_answer_is_detected(released: Wire, spoil: Callable[[Json], Json]) -> None:
    answer = next(each["answer"] for each in released.reads if '"content_hash"' in each["answer"]["body"])
    assert preserves(answer, answer)
    assert spoil(answer) != answer
    assert not preserves(answer, spoil(answer))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda report: report | {"engine_version": "2.0.0"},
        lambda report: report | {"engine_version": "1.9.0"},
        lambda report: report | {"content_hash": "sha256:" + "0" * 64},
        lambda report: report | {"status": 3},
        lambda report: report | {"measures": report["measures"][1:]},
        lambda report: report | {"measures": [each | {"value": None} for each in report["measures"]]},
        lambda report: {name: value for name, value in report.items() if name != "sufficiency"},
    ],
)
def test_risk_report_of_a_newer_engine_may_differ_only_in_its_numbers(
    released: Wire, spoil: Callable[[Json], Json]
) -> None:
    answer = next(e["answer"] for e in released.reads if e["request"]["path"].endswith("/v1/risk"))
    report = json.loads(answer["body"])
    changed = report["measures"][0] | {"value": 0.5}
    newer = report | {"engine_version": "3.0.0", "measures": [changed, *report["measures"][1:]], "tails": []}
    assert preserves(answer, answer | {"body": json.dumps(newer)})
    assert not preserves(answer, answer | {"body": json.dumps(spoil(newer))})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: answer | {"status": 500},
        lambda answer: answer | {"body": '{"title":"Internal error"}'},
        lambda answer: answer | {"body": answer["body"].replace("us-equities", "other")},
        lambda answer: answer | {"body": answer["body"].replace('"at"', '"now"')},
    ],
)
def test_repaired_answer_may_differ_only_in_the_repaired_parts(
    released: Wire, spoil: Callable[[Json], Json]
) -> None:
    (requested, wrong), *_ = released.repaired.items()
    answers = (
        e["answer"] for e in released.reads if f"{e['request']['method']} {e['request']['path']}" == requested
    )
    answer = next(answers)
    repaired = without(answer, wrong)
    assert repaired_only(answer, repaired, wrong)
    assert not repaired_only(answer, answer, wrong)
    assert not repaired_only(answer, spoil(repaired), wrong)


def test_answer_with_a_repaired_header_may_differ_only_in_that_header(released: Wire) -> None:
    answer = next(each["answer"] for each in released.reads if "etag" in each["answer"]["headers"])
    repaired = answer | {"headers": answer["headers"] | {"etag": '"another"'}}
    assert repaired_only(answer, repaired, ["etag"])
    assert not repaired_only(answer, answer, ["etag"])
    assert not repaired_only(answer, repaired | {"body": "{}"}, ["etag"])
    assert not repaired_only(answer, repaired, ["content-type"])


def _event_key(event: Json) -> Any:
    """Return the id of an event; of a report, what it reports on: the id contains the engine's version."""
    if event["type"] in {"risk_evaluated", "stress_evaluated"}:
        return event["type"], event["data"]["world_id"], event["data"]["version"]
    return event["id"]


def _is_announced_again(event: Json, announced: dict[Any, Json]) -> bool:
    """Return whether an event was announced with the same content; whole for a claim check.

    A report may be a newer engine's, and the cause of a signal its event.
    """
    now = announced.get(_event_key(event))
    if now is None:
        return False
    reported = {name: value for name, value in event["data"].items() if name != "claim_check"}
    reported = _without_signal_version(reported)
    if contains({**event, "data": reported, "islatest": None}, {**now, "islatest": None}):
        return True
    rest = {name: value for name, value in event.items() if name not in OF_THE_ENGINE}
    return contains({**rest, "islatest": None}, {**now, "islatest": None}) and (
        contains(reported, now["data"]) or is_recomputed(reported, now["data"])
    )


def _is_new_kind(item: Json) -> bool:
    """Return whether a record is of a kind that release 1.0 did not write (ADR-0044)."""
    if item["evaluation_id"]["S"].startswith((f"{EXIT_STATE_KEY_PREFIX}/", f"{POLICY_VERSION_KEY_PREFIX}/")):
        return True
    return stored_document(unwire(item)).get("cause") in {"not_computed", "cleared"}


def _without_signal_version(document: Json) -> Json:
    """Return a signal without the version of the engine, which is not part of its key."""
    return {
        name: value for name, value in document.items() if name != "engine_version" or "rule" not in document
    }


def _key(item: Json) -> tuple[str, str]:
    """Return the key of a record, without the engine's version of a report."""
    evaluation_id = str(item["evaluation_id"]["S"])
    report = evaluation_id.startswith(("risk/", "stress/"))
    return item["world_id"]["S"], evaluation_id.rpartition("/")[0] if report else evaluation_id


def _is_derived_again(was: Json, now: Json) -> bool:
    """Return whether a record says the same, or is the same snapshot's report by a newer engine."""
    then, made = _said(was), _said(now)
    if contains(then, made):
        return True
    ids = {"report", "evaluation_id", "causation_id"}
    rest = {name: value for name, value in then.items() if name not in ids}
    then_report, made_report = then.get("report"), made.get("report")
    return contains(rest, made) and (
        contains(then_report, made_report) or is_recomputed(then_report, made_report)
    )


def _said(item: Json) -> Any:
    """Return the content of a record in any of its stored forms, with its JSON documents parsed."""
    said: dict[str, Any] = {
        name: value for name, value in item.items() if name not in OWN_TIMES | {"body", "body_sha256"}
    }
    if "content_hash" in item:
        said["content_hash"] = stored_hash(unwire(item))
    if "report" in item:
        said["report"] = _without_signal_version(stored_document(unwire(item)))
    if "note" in item:
        said["note"] = json.loads(item["note"]["S"])
    return said
