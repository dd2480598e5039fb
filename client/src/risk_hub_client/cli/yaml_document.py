"""Read YAML as JSON values with the line of each member; refuse values that JSON does not have.

Anchors, aliases and merge keys are expanded, up to a number of values. Keys are always text: `on` is not true.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from risk_hub_contracts.base.limits import JSON_MAX_DEPTH
from risk_hub_contracts.base.pointers import join

__all__ = ["YamlDocument", "YamlError", "load_yaml"]

VALUES_MAX_COUNT: Final = 50_000
Path = tuple[str | int, ...]
_SHOWN_CHARS: Final = 40
_TAG: Final = "tag:yaml.org,2002:"
# YAML 1.1 reads numbers without a dot, such as 1e-3, as text.
_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?[eE][+-]?[0-9]+")
_TOO_DEEP: Final = (
    f"the document is nested more than {JSON_MAX_DEPTH} levels deep, or an alias refers to itself"
)


class YamlError(ValueError):
    """The text is not YAML, or has a value that JSON does not have.

    Attributes:
        line: the line number, from 1; None if unknown.
    """

    def __init__(self, detail: str, line: int | None) -> None:
        super().__init__(detail)
        self.line = line


@dataclass(slots=True)
class YamlDocument:
    """A document, and the line of each member by its pointer."""

    value: Any = None
    lines: dict[str, int] = field(default_factory=dict)


def load_yaml(raw: bytes) -> YamlDocument:
    """Read one YAML document.

    Raises:
        YamlError: naming the line.
    """
    loader: Any = None
    try:
        loader = yaml.SafeLoader(raw)
        node = loader.get_single_node()
        document = YamlDocument()
        if node is not None:
            document.value = _Values(loader, document.lines).convert(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(f"{error.problem or error}", None if mark is None else mark.line + 1) from None
    except yaml.YAMLError as error:
        raise YamlError(str(error).splitlines()[0], None) from None
    except RecursionError:
        raise YamlError(_TOO_DEEP, None) from None
    finally:
        if loader is not None:
            loader.dispose()
    return document


class _Values:
    """Conversion of nodes to values, with a limit on their number and depth."""

    def __init__(self, loader: Any, lines: dict[str, int]) -> None:  # noqa: ANN401 - PyYAML has no type for it
        self._loader, self._lines, self._count = loader, lines, 0
        # An alias leads to the same node again, whose keys then include those that it merged.
        self._flattened: set[int] = set()

    def convert(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 - a JSON value
        self._count += 1
        line = node.start_mark.line + 1
        if self._count > VALUES_MAX_COUNT:
            raise YamlError(f"the document has more than {VALUES_MAX_COUNT:,} values, aliases expanded", line)
        if len(path) > JSON_MAX_DEPTH:
            raise YamlError(_TOO_DEEP, line)
        self._lines.setdefault(join(path), line)
        if isinstance(node, yaml.MappingNode):
            return {key: self._member(key, child, path) for key, child in self._members(node)}
        if isinstance(node, yaml.SequenceNode):
            return [self.convert(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, line)

    def _member(self, key: str, node: tuple[int, yaml.Node], path: Path) -> Any:  # noqa: ANN401 - a JSON value
        line, child = node
        self._lines[join((*path, key))] = line
        return self.convert(child, (*path, key))

    def _members(self, node: yaml.MappingNode) -> Iterator[tuple[str, tuple[int, yaml.Node]]]:
        """Yield the members of a mapping with the line of each key; those that it merges come first."""
        if id(node) not in self._flattened:
            self._flattened.add(id(node))
            _check_keys(node)
            self._loader.flatten_mapping(node)
        for key, child in node.value:
            yield str(key.value), (key.start_mark.line + 1, child)

    def _scalar(self, node: yaml.Node, line: int) -> Any:  # noqa: ANN401 - a JSON value
        kind, text = node.tag.removeprefix(_TAG), str(node.value)
        if kind == "str":
            is_number = getattr(node, "style", None) is None and _JSON_NUMBER.fullmatch(text) is not None
            return float(text) if is_number else text
        if kind == "null":
            return None
        if kind in {"bool", "int", "float"}:
            try:
                return self._loader.construct_object(node)
            except (KeyError, ValueError):
                raise YamlError(f"{text[:_SHOWN_CHARS]!a} is not of the type {kind}", line) from None
        if kind == "timestamp":
            raise YamlError(f"{text} is a date in YAML; write it in quotes", line)
        raise YamlError(f"the tag {node.tag!a} is not supported", line)


def _check_keys(node: yaml.MappingNode) -> None:
    """Refuse keys that are not text, and a key that appears twice; merged members may be replaced.

    Raises:
        YamlError: naming the key and its line.
    """
    seen: set[str] = set()
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError("a key must be text", line)
        if key.value in seen and key.tag != f"{_TAG}merge":
            raise YamlError(f"the key {key.value[:_SHOWN_CHARS]!a} appears more than once", line)
        seen.add(key.value)
