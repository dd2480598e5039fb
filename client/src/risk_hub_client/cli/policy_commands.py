"""`risk-hub policy`: evaluation policies in files, offline, and the group with the commands that use a hub."""

import json as json_text
import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from risk_hub_client.cli import policy_hub_commands
from risk_hub_client.cli.input_files import STDIN, check_input_exists, check_inputs_exist, input_name
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.policy_file import (
    JSON_SUFFIX,
    Finding,
    PolicyFile,
    UnreadablePolicyError,
    findings_of,
    policy_text,
    read_policy_file,
)
from risk_hub_client.cli.policy_refusal import refusal
from risk_hub_client.cli.screen import print_document, print_error, print_line, print_note
from risk_hub_client.cli.session import REFUSED
from risk_hub_client.policies.import_deployed import DEPLOYED_MEMBERS, Imported, import_deployed
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.policies.evaluation_checks import doubtful_limits
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, parse_policy

__all__ = ["register"]

USE_IMPORT: Final = (
    "this is a document of the deployed system; convert it with `risk-hub policy import`, "
    "then validate the result"
)
_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9._:@+-]+")


def register(app: typer.Typer) -> None:
    """Add the group `policy`."""
    group = typer.Typer(
        help="Evaluation policies: check and convert documents offline; store, list and activate them on a hub.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("validate")(validate)
    group.command("import")(import_file)
    policy_hub_commands.add_commands(group)
    app.add_typer(group, name="policy")


def validate(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Policies as YAML or JSON; - reads stdin.", callback=check_inputs_exist
        ),
    ],
    *,
    json: Json = False,
) -> None:
    """Check evaluation policies against the contract, offline. Status 1 if one is not valid.

    A valid policy is printed with its hash. Warnings name limits that may be mistakes; they do not change the status.
    """
    verdicts = [_verdict(file) for file in files]
    if json:
        print_document(verdicts)
    else:
        for verdict in verdicts:
            _print_verdict(verdict)
    if not all(verdict["valid"] for verdict in verdicts):
        raise typer.Exit(REFUSED)


def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A policy of the deployed system; - reads stdin.",
            callback=check_input_exists,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write the policy to this file (.json: as JSON); it must not exist.")
    ] = None,
    policy_id: Annotated[
        str | None, typer.Option("--id", help="The id of the policy; by default the name of the file.")
    ] = None,
    version: Annotated[str, typer.Option(help="The version of the policy.")] = "1",
    owner: Annotated[str, typer.Option(help="The owner of rules whose section names none.")] = "risk",
    *,
    json: Json = False,
) -> None:
    """Convert a policy document of the deployed system, offline; print the policy as YAML.

    Every deliberate difference from the deployed system is printed once, by name, on stderr.
    """
    imported = _imported(file, policy_id or _default_id(file), version, owner, json=json)
    document = imported.policy.document()
    if out is not None:
        _write_new(out, _text(document, as_json=out.suffix == JSON_SUFFIX))
    if json:
        print_document(
            {
                "policy": document,
                "policy_hash": imported.policy.policy_hash,
                "differences": dict(imported.differences),
            }
        )
        return
    for name, text in imported.differences.items():
        print_note(f"{name}: {text}")
    if out is None:
        print_line(_text(document, as_json=False).rstrip("\n"))
    else:
        print_line(f"{out}: {_identity(imported.policy)}")


def _imported(file: Path, policy_id: str, version: str, owner: str, *, json: bool) -> Imported:
    """Return the imported policy, or print what is wrong and exit."""
    name = str(input_name(file))
    try:
        read = read_policy_file(file)
    except UnreadablePolicyError as error:
        raise refusal(name, [error.finding], json=json) from None
    try:
        return import_deployed(read.document, policy_id=policy_id, version=version, owner=owner)
    except ProblemError as problem:
        raise refusal(name, list(findings_of(problem, read)), json=json) from None


def _verdict(file: Path) -> dict[str, Any]:
    name = str(input_name(file))
    try:
        read = read_policy_file(file)
    except UnreadablePolicyError as error:
        return _invalid(name, [error.finding])
    if isinstance(read.document, dict) and _is_deployed(read.document):
        return _invalid(name, [Finding("", USE_IMPORT)])
    try:
        policy = parse_policy(read.document)
    except ProblemError as problem:
        return _invalid(name, list(findings_of(problem, read)))
    return {
        "file": name,
        "valid": True,
        "policy_id": policy.policy_id,
        "version": policy.version,
        "policy_hash": policy.policy_hash,
        "warnings": [each.as_document() for each in _warnings(policy, read)],
    }


def _is_deployed(document: dict[str, Any]) -> bool:
    ours = EvaluationPolicy.model_fields.keys()
    return not document.keys() & (ours - DEPLOYED_MEMBERS) and bool(document.keys() & DEPLOYED_MEMBERS)


def _invalid(name: str, findings: list[Finding]) -> dict[str, Any]:
    return {"file": name, "valid": False, "errors": [each.as_document() for each in findings]}


def _warnings(policy: EvaluationPolicy, read: PolicyFile) -> list[Finding]:
    doubts = doubtful_limits({name: profile.rules for name, profile in policy.profiles.items()})
    return [read.finding(doubt) for doubt in doubts]


def _print_verdict(verdict: dict[str, Any]) -> None:
    name = verdict["file"]
    if verdict["valid"]:
        print_line(f"{name}: policy {verdict['policy_id']} {verdict['version']}, {verdict['policy_hash']}")
    for each in verdict.get("warnings", []):
        print_line(f"warning: {Finding(**each).as_text(name)}")
    for each in verdict.get("errors", []):
        print_error(Finding(**each).as_text(name))


def _identity(policy: EvaluationPolicy) -> str:
    return f"policy {policy.policy_id} {policy.version}, {policy.policy_hash}"


def _default_id(file: Path) -> str:
    """Return the name of a file as an id."""
    stem = "imported" if file == STDIN else file.stem
    return _NOT_IN_IDS.sub("-", stem).strip("-.") or "imported"


def _text(document: dict[str, Any], *, as_json: bool) -> str:
    return (
        f"{json_text.dumps(document, indent=2, ensure_ascii=False)}\n" if as_json else policy_text(document)
    )


def _write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet.

    Raises:
        OSError: it exists, or cannot be written.
    """
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
