"""Check that every released operation still exists, accepts the same requests and answers compatibly."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from risk_hub_contracts.compatibility.findings import Finding, Findings
from risk_hub_contracts.compatibility.schemas import answer_findings, request_findings

Json = Mapping[str, Any]

VERBS: Final = ("get", "put", "post", "delete", "patch")
ERROR_STATUS_MIN: Final = 400


def operation_findings(released: Json, now: Json) -> Findings:
    """Yield each promise of one OpenAPI document that another does not keep."""
    present = dict(_operations(now))
    for name, operation in _operations(released):
        if name not in present:
            yield Finding(name, "the operation is gone")
        else:
            yield from _OperationPair(name, (released, operation), (now, present[name])).findings()


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield `GET /path` and the operation, with the path's own parameters merged into the operation's."""
    for path, item in document["paths"].items():
        for verb in VERBS:
            if verb in item:
                shared = [*item.get("parameters", ()), *item[verb].get("parameters", ())]
                yield f"{verb.upper()} {path}", {**item[verb], "parameters": shared}


class _OperationPair:
    """One operation as released and as it is now, each with its document for resolving references."""

    def __init__(self, name: str, released: tuple[Json, Json], now: tuple[Json, Json]) -> None:
        self.name = name
        self.released_document, self.was = released
        self.current_document, self.now = now

    def findings(self) -> Findings:
        """Yield each broken promise of the operation."""
        if self.was.get("operationId") != self.now.get("operationId"):
            yield Finding(self.name, "operationId changed: generated clients use that name")
        if _is_public(self.released_document, self.was) and not _is_public(self.current_document, self.now):
            yield Finding(self.name, "needs a token now")
        yield from self._parameters()
        yield from self._body()
        yield from self._answers()

    def _parameters(self) -> Findings:
        was, now = _by_name(self.was), _by_name(self.now)
        for name, parameter in was.items():
            place = f"{self.name} {name}"
            if name not in now:
                yield Finding(place, "the parameter is gone")
                continue
            schemas = (
                (self.released_document, parameter["schema"]),
                (self.current_document, now[name]["schema"]),
            )
            yield from request_findings(*schemas, place)
            if parameter["schema"].get("default") != now[name]["schema"].get("default"):
                yield Finding(place, "its default changed: a request without it now means something else")
        for name, parameter in now.items():
            if parameter.get("required") and not was.get(name, {}).get("required"):
                yield Finding(f"{self.name} {name}", "is required now")

    def _body(self) -> Findings:
        was, now = self.was.get("requestBody", {}), self.now.get("requestBody", {})
        place = f"{self.name} request"
        if now.get("required") and not was.get("required"):
            yield Finding(place, "a body is required now")
        for media_type, content in was.get("content", {}).items():
            if media_type not in now.get("content", {}):
                yield Finding(place, f"{media_type} is no longer accepted")
            else:
                schemas = content["schema"], now["content"][media_type]["schema"]
                yield from request_findings(
                    (self.released_document, schemas[0]), (self.current_document, schemas[1]), place
                )

    def _answers(self) -> Findings:
        was, now = self.was["responses"], self.now["responses"]
        for status, answer in was.items():
            place = f"{self.name} {status}"
            if status not in now:
                yield Finding(place, "is no longer answered")
            else:
                yield from self._answer(answer, now[status], place)
        for status in now.keys() - was.keys():
            if int(status) < ERROR_STATUS_MIN:
                yield Finding(
                    f"{self.name} {status}", "is a success status that the released client does not know"
                )

    def _answer(self, was: Json, now: Json, place: str) -> Findings:
        for header in was.get("headers", {}).keys() - now.get("headers", {}).keys():
            yield Finding(place, f"the header {header} is gone")
        for media_type, content in was.get("content", {}).items():
            present = now.get("content", {}).get(media_type)
            if present is None:
                yield Finding(place, f"is no longer {media_type}")
                continue
            schemas = (self.released_document, content["schema"]), (self.current_document, present["schema"])
            yield from answer_findings(*schemas, place)
            for slug in content.get("examples", {}).keys() - present.get("examples", {}).keys():
                yield Finding(place, f"the problem {slug} is no longer answered")


def _is_public(document: Json, operation: Json) -> bool:
    return not operation.get("security", document.get("security"))


def _by_name(operation: Json) -> dict[str, Any]:
    return {f"{each['in']} {each['name']}": each for each in operation["parameters"]}
