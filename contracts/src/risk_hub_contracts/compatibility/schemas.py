"""Whether all that one JSON Schema allows another allows too, as far as that can be judged keyword by keyword.

Written for the schemas that pydantic makes: what it cannot judge it names, rather than to let it pass. A request may be
widened: the released schema's documents must fit the present one. An answer may be narrowed and may gain members, which
every consumer is told to ignore: the present schema's documents must fit the released one otherwise.
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
    """The documents that both schemas stand in, and which of the two must fit the other.

    Attributes:
        inner: the document whose schemas must allow no more than ...
        outer: ... the schemas of this one.
        inner_is: which of the two `inner` is.
        gains_members: whether an object of `inner` may have members that `outer` does not name.
        seen: names of pairs that are being compared already, so that a schema may refer to itself.
    """

    inner: Schema
    outer: Schema
    inner_is: Side
    gains_members: bool
    seen: frozenset[tuple[str | None, str | None]] = field(default=frozenset())

    def fits(self, inner: Any, outer: Any, place: str) -> Findings:  # noqa: ANN401 - true, false or an object
        """Yield each way in which a document that `inner` allows may be none that `outer` allows."""
        pair = (_name(inner), _name(outer))
        if pair in self.seen:
            return
        # Where one side is spelled out it comes to an end, and so does the comparison.
        within = self if None in pair else replace(self, seen=self.seen | {pair})
        yield from within.resolved_fits(_resolved(self.inner, inner), _resolved(self.outer, outer), place)

    def resolved_fits(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        """Yield the same of two schemas that are no references."""
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
        """Yield what keeps a schema from the nearest alternative: one like it where there is one."""
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
        """Yield what becomes of a member that the other schema does not name."""
        if _others(wide) is False:
            yield Finding(place, "was accepted by the release and is refused now")
        else:
            yield from self.fits(schema, _others(wide), place)

    def _default(self, narrow: Any, wide: Any, place: str) -> Findings:  # noqa: ANN401
        """Yield a default that changed: what a request means that leaves the member out."""
        released, now = _default_of(narrow), _default_of(wide)
        if not self.gains_members and released != now:
            yield self._finding(place, "default", released, now)

    def _free_names(self, narrow: Schema, wide: Any, place: str) -> Findings:  # noqa: ANN401
        if _others(narrow) is not False:
            yield from self.fits(_others(narrow), wide, place)

    def _names(self, narrow: Schema, wide: Schema, place: str) -> Findings:
        """Compare what names that no property has may be, and may hold."""
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
        """Return a finding; `required` is what the inner schema says, `allowed` the outer one."""
        released, now = (required, allowed) if self.inner_is == "released" else (allowed, required)
        return Finding(place, f"{what} was {_shown(released)} and is {_shown(now)}")


def request_faults(released: tuple[Schema, Any], now: tuple[Schema, Any], place: str) -> Findings:
    """Yield what a request might say under the released schema and no more now; each schema with its document."""
    comparison = Comparison(released[0], now[0], "released", gains_members=False)
    yield from comparison.fits(released[1], now[1], place)


def answer_faults(released: tuple[Schema, Any], now: tuple[Schema, Any], place: str) -> Findings:
    """Yield what an answer may be now and might not under the released schema; each schema with its document."""
    comparison = Comparison(now[0], released[0], "now", gains_members=True)
    yield from comparison.fits(now[1], released[1], place)


def _resolved(document: Schema, schema: Any) -> Schema:  # noqa: ANN401
    """Return a schema as an object, with its reference followed and what stands beside the reference added."""
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
    """Tell whether two schemas speak of one type, and one has every member that the other requires."""
    missing = {*wide.get("required", ())} - {*narrow.get("required", ())}
    return bool(types_of(wide) & types_of(narrow)) and not missing


def _branches(schema: Schema) -> Iterator[Schema]:
    """Yield each alternative, with what the schema says of all of them."""
    common = {name: value for name, value in schema.items() if name not in ALTERNATIVES}
    for name in ALTERNATIVES:
        for branch in schema.get(name, ()):
            yield {**common, **branch}


def _others(schema: Schema) -> Any:  # noqa: ANN401
    """Return what members that are not named may hold; false where there may be none."""
    return schema.get("additionalProperties", True)


def _default_of(schema: Any) -> Any:  # noqa: ANN401
    return schema.get("default") if isinstance(schema, Mapping) else None


def _name(schema: Any) -> str | None:  # noqa: ANN401
    """Return the name that a reference bears; None for a schema that is no reference."""
    return str(schema["$ref"]) if isinstance(schema, Mapping) and "$ref" in schema else None


def _shown(value: Any) -> str:  # noqa: ANN401
    return "absent" if value is None else json.dumps(value)
