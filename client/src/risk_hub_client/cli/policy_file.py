"""Policy documents in files: YAML or JSON, read with the lines of their members, and written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from risk_hub_client.cli.input_files import input_name, read_input
from risk_hub_client.cli.yaml_document import YamlError, load_yaml
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.limits import BODY_MAX_BYTES
from risk_hub_contracts.base.problems import ProblemError, Violation

__all__ = ["Finding", "PolicyFile", "UnreadablePolicyError", "findings_of", "policy_text", "read_policy_file"]

JSON_SUFFIX: Final = ".json"
YAML_SUFFIXES: Final = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a document: its pointer, its line in a YAML file, and what is wrong."""

    pointer: str
    detail: str
    line: int | None = None

    def as_text(self, file: str) -> str:
        """Return one line of output."""
        place = file if self.line is None else f"{file}:{self.line}"
        return f"{place}: {f'{self.pointer}: ' if self.pointer else ''}{self.detail}"

    def as_document(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        line = {} if self.line is None else {"line": self.line}
        return {"pointer": self.pointer, **line, "detail": self.detail}


class UnreadablePolicyError(ValueError):
    """The file is not a YAML or JSON document."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.detail)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A document with its name in messages, and the lines of its members (YAML only)."""

    name: str
    document: Any
    lines: Mapping[str, int]

    def line_of(self, pointer: str) -> int | None:
        """Return the line of a member; for a missing member, the line of its parent."""
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer)

    def finding(self, violation: Violation) -> Finding:
        """Return a violation with its line."""
        return Finding(violation.pointer, violation.detail, self.line_of(violation.pointer))


def read_policy_file(path: Path) -> PolicyFile:
    """Read a document: JSON if the name ends in .json or the text begins with a brace, else YAML.

    Raises:
        UnreadablePolicyError: the text is neither, or has more bytes than a request may have.
        OSError: the file cannot be read.
    """
    raw, name = read_input(path), str(input_name(path))
    if len(raw) > BODY_MAX_BYTES:
        raise UnreadablePolicyError(
            Finding("", f"the file has {len(raw)} bytes; at most {BODY_MAX_BYTES} are allowed")
        )
    is_json = path.suffix == JSON_SUFFIX or (path.suffix not in YAML_SUFFIXES and raw.lstrip()[:1] == b"{")
    if is_json:
        try:
            return PolicyFile(name, strict_json.loads(raw, name="file"), {})
        except ProblemError as problem:
            raise UnreadablePolicyError(next(findings_of(problem))) from None
    try:
        read = load_yaml(raw)
    except YamlError as error:
        raise UnreadablePolicyError(Finding("", str(error), error.line)) from None
    return PolicyFile(name, read.value, read.lines)


def findings_of(problem: ProblemError, file: PolicyFile | None = None) -> Iterator[Finding]:
    """Yield each violation of a problem, with its line if the file is known; without any, the problem itself."""
    for violation in problem.violations:
        yield Finding(violation.pointer, violation.detail) if file is None else file.finding(violation)
    if not problem.violations:
        yield Finding("", problem.detail)


def policy_text(document: Mapping[str, Any]) -> str:
    """Return a policy as YAML, each rule with its kind first."""
    profiles = {
        name: {
            **profile,
            "rules": {rule: _kind_first(each) for rule, each in profile.get("rules", {}).items()},
        }
        for name, profile in document["profiles"].items()
    }
    return yaml.safe_dump({**document, "profiles": profiles}, sort_keys=False, allow_unicode=True, width=110)


def _kind_first(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": rule["kind"], **rule}
