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

from risk_hub_contracts.compatibility.findings import Finding, Findings, at
from risk_hub_contracts.compatibility.keywords import (
    ALTERNATIVES,
    ANNOTATIONS,
    EXACT,
    GREATEST,
    JUDGED,
    LEAST,
    SPEAKS_OF,
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
        inner_is: the side of `inner`: released or current.
        gains_members: whether an object of `inner` may have members that `outer` does not name.
        seen: name pairs whose comparison is in progress, so that a schema may refer to itself.
    """

    inner: Schema
    outer: Schema
    inner_is: Side
    gains_members: bool
    seen: frozenset[tuple[str | None, str | None]] = field(default=frozenset())

    def fits(self, inner: Any, outer: Any, place: str) -> Findings:  # noqa: ANN401 - true, false or an object
        """Yield each way in which a document allowed by `inner` may be rejected by `outer`."""
        pair = (_name(inner), _name(outer))
        if pair in self.seen:
            return
        # An inline schema is finite, so recursion ends there; only pairs of references need tracking.
        within = self if None in pair else replace(self, seen=self.seen | {pair})
        yield from within.resolved_fits(_resolved(self.inner, inner), _resolved(self.outer, outer), place)

    def resolved_fits(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        """Compare as `fits` does, for two schemas without references."""
        if narrow.keys() | wide.keys() <= ANNOTATIONS:
            return
        if wide.keys() <= ANNOTATIONS:
            yield from self._unjudged(narrow, wide, place)
        elif any(name in narrow for name in ALTERNATIVES):
            for number, branch in enumerate(_branches(narrow)):
                yield from self.fits(branch, wide, at(place, number))
        elif any(name in wide for name in ALTERNATIVES):
            yield from self._fits_one(narrow, wide, place)
        else:
            yield from self._fits_plain(narrow, wide, place)

    def _fits_one(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        """Yield the differences from the nearest alternative, preferring one of the same type."""
        branches = [_resolved(self.outer, branch) for branch in _branches(wide)]
        alike = [branch for branch in branches if _is_alike(narrow, branch)]
        found = [list(self.fits(narrow, branch, place)) for branch in alike or branches]
        yield from min(found, key=len)

    def _fits_plain(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        yield from self._unjudged(narrow, wide, place)
        types, allowed = types_of(narrow), types_of(wide)
        if not types <= allowed:
            yield self._finding(place, "type", sorted(types), sorted(allowed))
            return
        yield from self._values(narrow, wide, place)
        if values_of(narrow) is None:
            yield from self._bounds(narrow, wide, types, place)
            yield from self._exact(narrow, wide, types, place)
            if "array" in types:
                yield from self.fits(
                    narrow.get("items", ANYTHING), wide.get("items", ANYTHING), at(place, "*")
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
        for name in (*LEAST, *GREATEST):
            if not types & SPEAKS_OF[name] or name not in wide:
                continue
            bound, allowed = narrow.get(name), wide[name]
            is_in = bound is not None and (bound >= allowed if name in LEAST else bound <= allowed)
            if not is_in and not (name in LEAST and allowed == 0):
                yield self._finding(place, name, bound, allowed)

    def _exact(self, narrow: Schema, wide: Schema, types: frozenset[str], place: str) -> Findings:
        for name in EXACT:
            if types & SPEAKS_OF[name] and name in wide and narrow.get(name) != wide[name]:
                yield self._finding(place, name, narrow.get(name), wide[name])

    def _object(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        for name in sorted({*wide.get("required", ())} - {*narrow.get("required", ())}):
            yield self._finding(at(place, name), "required", required=False, allowed=True)
        own, known = narrow.get("properties", {}), wide.get("properties", {})
        for name, schema in own.items():
            if name in known:
                yield from self._default(schema, known[name], at(place, name))
                yield from self.fits(schema, known[name], at(place, name))
            elif not self.gains_members:
                yield from self._lost(schema, wide, at(place, name))
        for name in sorted(known.keys() - own.keys()):
            if self.gains_members and isinstance(_others(narrow), bool):
                yield Finding(at(place, name), "is promised by the release and gone now")
            else:
                yield from self._free_names(narrow, known[name], at(place, name))
        yield from self._names(narrow, wide, place)

    def _lost(self, schema: Any, wide: Schema, place: str) -> Findings:  # noqa: ANN401
        """Yield the effect of a member that the other schema does not name."""
        if _others(wide) is False:
            yield Finding(place, "was accepted by the release and is refused now")
        else:
            yield from self.fits(schema, _others(wide), place)

    def _default(self, narrow: Any, wide: Any, place: str) -> Findings:  # noqa: ANN401
        """Yield a changed default: it changes the meaning of a request without the member."""
        released, now = _default_of(narrow), _default_of(wide)
        if not self.gains_members and released != now:
            yield self._finding(place, "default", released, now)

    def _free_names(self, narrow: Schema, wide: Any, place: str) -> Findings:  # noqa: ANN401
        if _others(narrow) is not False:
            yield from self.fits(_others(narrow), wide, place)

    def _names(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        """Compare the allowed names and values of undeclared members."""
        if _others(narrow) is not False and not (self.gains_members and _others(wide) is False):
            yield from self.fits(_others(narrow), _others(wide), at(place, "*"))
        elif _others(narrow) is not False:
            yield self._finding(place, "further members", "any", "none")
        if "propertyNames" in wide and _others(narrow) is not False:
            yield from self.fits(
                {"type": "string", **narrow.get("propertyNames", ANYTHING)},
                wide["propertyNames"],
                at(place, "names"),
            )
        if narrow.get("patternProperties") != wide.get("patternProperties"):
            yield from self._patterns(narrow, wide, place)

    def _patterns(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        own, known = narrow.get("patternProperties", {}), wide.get("patternProperties", {})
        if own.keys() - known.keys():
            yield self._finding(place, "patterns of names", sorted(own), sorted(known))
        for pattern, schema in sorted(known.items()):
            yield from self.fits(own.get(pattern, _others(narrow)), schema, at(place, pattern))

    def _unjudged(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        for name in sorted((narrow.keys() | wide.keys()) - JUDGED - ANNOTATIONS):
            if narrow.get(name) != wide.get(name):
                yield self._finding(
                    place, f"{name} (which this check cannot judge)", narrow.get(name), wide.get(name)
                )

    def _finding(self, place: str, what: str, required: Any, allowed: Any) -> Finding:  # noqa: ANN401
        """Return a finding; `required` is the inner schema's value, `allowed` the outer one's."""
        released, now = (required, allowed) if self.inner_is == "released" else (allowed, required)
        return Finding(place, f"{what} was {_shown(released)} and is {_shown(now)}")


def request_faults(released: tuple[Schema, Any], now: tuple[Schema, Any], place: str) -> Findings:
    """Yield requests that `released` allows and `now` rejects; each is a schema with its document."""
    comparison = Comparison(released[0], now[0], "released", gains_members=False)
    yield from comparison.fits(released[1], now[1], place)


def answer_faults(released: tuple[Schema, Any], now: tuple[Schema, Any], place: str) -> Findings:
    """Yield answers that `now` allows and `released` rejects; each is a schema with its document."""
    comparison = Comparison(now[0], released[0], "now", gains_members=True)
    yield from comparison.fits(now[1], released[1], place)


def _resolved(document: Schema, schema: Any) -> Schema:  # noqa: ANN401
    """Return a schema as an object: its reference resolved, its sibling keywords merged in."""
    if isinstance(schema, bool):
        return ANYTHING if schema else NOTHING
    resolved: Mapping[str, Any] = schema
    while "$ref" in resolved:
        target: Any = document
        for part in str(resolved["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        beside = {name: value for name, value in resolved.items() if name != "$ref"}
        resolved = {**target, **beside}
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


def _others(schema: Schema) -> Any:  # noqa: ANN401
    """Return the schema of undeclared members; false if they are forbidden."""
    return schema.get("additionalProperties", True)


def _default_of(schema: Any) -> Any:  # noqa: ANN401
    return schema.get("default") if isinstance(schema, Mapping) else None


def _name(schema: Any) -> str | None:  # noqa: ANN401
    """Return the name that a reference points to; None for a schema that is not a reference."""
    return str(schema["$ref"]) if isinstance(schema, Mapping) and "$ref" in schema else None


def _shown(value: Any) -> str:  # noqa: ANN401
    return "absent" if value is None else json.dumps(value)
