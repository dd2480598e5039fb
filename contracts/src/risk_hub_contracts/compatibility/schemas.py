"""Check, keyword by keyword, whether one JSON Schema allows everything that another allows.

Written for the schemas that pydantic generates; what cannot be judged is reported instead of accepted. A
request may be widened: documents of the released schema must fit the current one. An answer may be narrowed and
may gain members, which consumers must ignore: documents of the current schema must otherwise fit the released
one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from risk_hub_contracts.compatibility.findings import Finding, Findings, child_place
from risk_hub_contracts.compatibility.keywords import (
    ALTERNATIVES,
    ANNOTATIONS,
    APPLICABLE_TYPES,
    EXACT_KEYWORDS,
    KNOWN_KEYWORDS,
    MAX_KEYWORDS,
    MIN_KEYWORDS,
    Schema,
    lower_bound,
    types_of,
    upper_bound,
    values_of,
)

Side = Literal["released", "now"]
ANYTHING: Final[Schema] = {}
NOTHING: Final[Schema] = {"enum": []}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The documents that contain the two schemas, and the direction of the comparison.

    Attributes:
        inner: the document whose schemas must not allow more than those of `outer`.
        outer: the document whose schemas set the bounds.
        inner_side: the side of `inner`: released or current.
        allows_new_members: whether an object of `inner` may have members that `outer` does not name.
        seen: pairs of schemas whose comparison is in progress, as JSON, so that a schema may contain itself.
    """

    inner: Schema
    outer: Schema
    inner_side: Side
    allows_new_members: bool
    seen: frozenset[tuple[str, str]] = field(default=frozenset())

    def mismatches(self, inner: Any, outer: Any, place: str) -> Findings:  # noqa: ANN401 - true, false or an object
        """Yield each way in which a document allowed by `inner` may be rejected by `outer`."""
        pair = (json.dumps(inner, sort_keys=True), json.dumps(outer, sort_keys=True))
        if pair in self.seen:
            return
        within = replace(self, seen=self.seen | {pair})
        yield from within.resolved_mismatches(
            _resolved(self.inner, inner), _resolved(self.outer, outer), place
        )

    def resolved_mismatches(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        """Compare as `mismatches` does, for two schemas without references."""
        if narrow.keys() | wide.keys() <= ANNOTATIONS:
            return
        if wide.keys() <= ANNOTATIONS:
            yield from self._unknown_keywords(narrow, wide, place)
        elif any(name in narrow for name in ALTERNATIVES):
            for number, branch in enumerate(_branches(narrow)):
                yield from self.mismatches(branch, wide, child_place(place, number))
        elif any(name in wide for name in ALTERNATIVES):
            yield from self._alternative_mismatches(narrow, wide, place)
        else:
            yield from self._plain_mismatches(narrow, wide, place)

    def _alternative_mismatches(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        """Yield the differences from the nearest alternative, preferring one of the same type."""
        branches = [_resolved(self.outer, branch) for branch in _branches(wide)]
        alike = [branch for branch in branches if _is_alike(narrow, branch)]
        found = [list(self.mismatches(narrow, branch, place)) for branch in alike or branches]
        yield from min(found, key=len)

    def _plain_mismatches(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        yield from self._unknown_keywords(narrow, wide, place)
        types, allowed = types_of(narrow), types_of(wide)
        if not types <= allowed:
            yield self._finding(place, "type", sorted(types), sorted(allowed))
            return
        yield from self._values(narrow, wide, place)
        if values_of(narrow) is None:
            yield from self._bounds(narrow, wide, types, place)
            yield from self._exact(narrow, wide, types, place)
            if "array" in types:
                yield from self.mismatches(
                    narrow.get("items", ANYTHING), wide.get("items", ANYTHING), child_place(place, "*")
                )
            if "object" in types:
                yield from self._object(narrow, wide, place)

    def _values(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        values, allowed = values_of(narrow), values_of(wide)
        if allowed is None:
            return
        if values is None or any(value not in allowed for value in values):
            yield self._finding(place, "values", values or "any", allowed)

    def _bounds(self, narrow: Schema, wide: Schema, types: frozenset[str], place: str) -> Findings:
        if types & {"integer", "number"}:
            if lower_bound(narrow) < lower_bound(wide):
                yield self._finding(place, "least number", lower_bound(narrow)[0], lower_bound(wide)[0])
            if upper_bound(narrow) > upper_bound(wide):
                yield self._finding(place, "greatest number", upper_bound(narrow)[0], upper_bound(wide)[0])
        for name in (*MIN_KEYWORDS, *MAX_KEYWORDS):
            if not types & APPLICABLE_TYPES[name] or name not in wide:
                continue
            bound, allowed = narrow.get(name), wide[name]
            is_in = bound is not None and (bound >= allowed if name in MIN_KEYWORDS else bound <= allowed)
            if not is_in and not (name in MIN_KEYWORDS and allowed == 0):
                yield self._finding(place, name, bound, allowed)

    def _exact(self, narrow: Schema, wide: Schema, types: frozenset[str], place: str) -> Findings:
        for name in EXACT_KEYWORDS:
            if types & APPLICABLE_TYPES[name] and name in wide and narrow.get(name) != wide[name]:
                yield self._finding(place, name, narrow.get(name), wide[name])

    def _object(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        for name in sorted({*wide.get("required", ())} - {*narrow.get("required", ())}):
            yield self._finding(child_place(place, name), "required", required=False, allowed=True)
        own, known = narrow.get("properties", {}), wide.get("properties", {})
        for name, schema in own.items():
            if name in known:
                yield from self._default(schema, known[name], child_place(place, name))
                yield from self.mismatches(schema, known[name], child_place(place, name))
            elif not self.allows_new_members:
                yield from self._undeclared_member(schema, wide, child_place(place, name))
        for name in sorted(known.keys() - own.keys()):
            if self.allows_new_members and isinstance(_additional_properties(narrow), bool):
                yield Finding(child_place(place, name), "is promised by the release but missing now")
            else:
                yield from self._undeclared_names(narrow, known[name], child_place(place, name))
        yield from self._names(narrow, wide, place)

    def _undeclared_member(self, schema: Any, wide: Schema, place: str) -> Findings:  # noqa: ANN401
        """Yield the effect of a member that the other schema does not name."""
        if _additional_properties(wide) is False:
            yield Finding(place, "was accepted by the release but is rejected now")
        else:
            yield from self.mismatches(schema, _additional_properties(wide), place)

    def _default(self, narrow: Any, wide: Any, place: str) -> Findings:  # noqa: ANN401
        """Yield a changed default: it changes the meaning of a request without the member."""
        released, now = _default_of(narrow), _default_of(wide)
        if not self.allows_new_members and released != now:
            yield self._finding(place, "default", released, now)

    def _undeclared_names(self, narrow: Schema, wide: Any, place: str) -> Findings:  # noqa: ANN401
        if _additional_properties(narrow) is not False:
            yield from self.mismatches(_additional_properties(narrow), wide, place)

    def _names(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        """Compare the allowed names and values of undeclared members."""
        if _additional_properties(narrow) is not False and not (
            self.allows_new_members and _additional_properties(wide) is False
        ):
            yield from self.mismatches(
                _additional_properties(narrow), _additional_properties(wide), child_place(place, "*")
            )
        elif _additional_properties(narrow) is not False:
            yield self._finding(place, "further members", "any", "none")
        if "propertyNames" in wide and _additional_properties(narrow) is not False:
            yield from self.mismatches(
                {"type": "string", **narrow.get("propertyNames", ANYTHING)},
                wide["propertyNames"],
                child_place(place, "names"),
            )
        if narrow.get("patternProperties") != wide.get("patternProperties"):
            yield from self._patterns(narrow, wide, place)

    def _patterns(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        own, known = narrow.get("patternProperties", {}), wide.get("patternProperties", {})
        if own.keys() - known.keys():
            yield self._finding(place, "patterns of names", sorted(own), sorted(known))
        for pattern, schema in sorted(known.items()):
            yield from self.mismatches(
                own.get(pattern, _additional_properties(narrow)), schema, child_place(place, pattern)
            )

    def _unknown_keywords(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        for name in sorted((narrow.keys() | wide.keys()) - KNOWN_KEYWORDS - ANNOTATIONS):
            if narrow.get(name) != wide.get(name):
                yield self._finding(
                    place, f"{name} (which this check cannot judge)", narrow.get(name), wide.get(name)
                )

    def _finding(self, place: str, what: str, required: Any, allowed: Any) -> Finding:  # noqa: ANN401
        """Return a finding; `required` is the inner schema's value, `allowed` the outer one's."""
        released, now = (required, allowed) if self.inner_side == "released" else (allowed, required)
        return Finding(place, f"{what} was {_value_text(released)} and is {_value_text(now)}")


def request_findings(released: tuple[Schema, Any], now: tuple[Schema, Any], place: str) -> Findings:
    """Yield requests that `released` allows and `now` rejects; each is a schema with its document."""
    comparison = Comparison(released[0], now[0], "released", allows_new_members=False)
    yield from comparison.mismatches(released[1], now[1], place)


def answer_findings(released: tuple[Schema, Any], now: tuple[Schema, Any], place: str) -> Findings:
    """Yield answers that `now` allows and `released` rejects; each is a schema with its document."""
    comparison = Comparison(now[0], released[0], "now", allows_new_members=True)
    yield from comparison.mismatches(now[1], released[1], place)


def _resolved(document: Schema, schema: Any) -> Schema:  # noqa: ANN401
    """Return a schema as an object: its reference resolved, its sibling keywords merged in."""
    if isinstance(schema, bool):
        return ANYTHING if schema else NOTHING
    resolved: Mapping[str, Any] = schema
    while "$ref" in resolved:
        target: Any = document
        for part in str(resolved["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        siblings = {name: value for name, value in resolved.items() if name != "$ref"}
        resolved = {**target, **siblings}
    return resolved


def _is_alike(narrow: Schema, wide: Schema) -> bool:
    """Return whether two schemas share a type, and one has every member that the other requires."""
    missing = {*wide.get("required", ())} - {*narrow.get("required", ())}
    return bool(types_of(wide) & types_of(narrow)) and not missing


def _branches(schema: Schema) -> Iterator[Schema]:
    """Yield each alternative, merged with the schema's common keywords."""
    common = {name: value for name, value in schema.items() if name not in ALTERNATIVES}
    for name in ALTERNATIVES:
        for branch in schema.get(name, ()):
            yield {**common, **branch}


def _additional_properties(schema: Schema) -> Any:  # noqa: ANN401
    """Return the schema of undeclared members; false if they are forbidden."""
    return schema.get("additionalProperties", True)


def _default_of(schema: Any) -> Any:  # noqa: ANN401
    return schema.get("default") if isinstance(schema, Mapping) else None


def _value_text(value: Any) -> str:  # noqa: ANN401
    return "absent" if value is None else json.dumps(value)
