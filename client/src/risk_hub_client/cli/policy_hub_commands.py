"""`risk-hub policy`: store, list, show and activate evaluation policies on a hub."""

from pathlib import Path
from typing import Annotated, Any

import typer

from risk_hub_client.cli.input_files import check_input_exists, input_name
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.policy_file import UnreadablePolicyError, findings_of, policy_text, read_policy_file
from risk_hub_client.cli.policy_refusal import refusal
from risk_hub_client.cli.screen import print_document, print_line, print_note
from risk_hub_client.cli.session import Url, open_client
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, parse_policy

__all__ = ["add_commands"]

PolicyId = Annotated[str, typer.Argument(metavar="POLICY", help="The id of the policy.")]
Version = Annotated[str, typer.Argument(help="The version of the policy.")]
World = Annotated[str, typer.Argument(help="The world.")]


def add_commands(group: typer.Typer) -> None:
    """Add the commands that use a hub to the group `policy`."""
    group.command("put")(put)
    group.command("list")(list_versions)
    group.command("show")(show)
    group.command("activate")(activate)
    group.command("active")(active)
    group.command("history")(history)


def put(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A policy as YAML or JSON; - reads stdin.", callback=check_input_exists
        ),
    ],
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """Store a policy under the id and the version in its document; a stored version never changes.

    The same document again changes nothing. Warnings name limits that may be mistakes.
    """
    policy = _read_policy(file, json=json)
    with open_client(url) as hub:
        stored = hub.put_policy(policy.document())
    if json:
        print_document(stored)
        return
    for warning in stored.get("warnings", ()):
        print_note(f"warning: {warning['pointer']}: {warning['detail']}")
    print_line(_stored_line(stored))


def list_versions(
    policy_id: Annotated[
        str | None, typer.Argument(metavar="[POLICY]", help="Only the versions of this policy.")
    ] = None,
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """List the stored versions of one policy or of all, oldest first for each policy."""
    with open_client(url) as hub:
        found = list(hub.policies(policy_id))
    if json:
        print_document(found)
        return
    for each in found:
        print_line(_stored_line(each))
    if not found:
        print_line(
            "No policy is stored." if policy_id is None else f"No version of policy {policy_id!r} is stored."
        )


def show(policy_id: PolicyId, version: Version, url: Url = None, *, json: Json = False) -> None:
    """Show a stored version as YAML, or with --json as the hub answers."""
    with open_client(url) as hub:
        stored = hub.policy(policy_id, version)
    if json:
        print_document(stored)
        return
    print_note(_stored_line(stored))
    print_line(policy_text(stored["policy"]).rstrip("\n"))


def activate(
    world: World,
    policy_id: PolicyId,
    version: Version,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the history of the world.")],
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """Let a stored version judge the strategies of a world from now on.

    The token must belong to another person or service than the one that stored the version.
    """
    with open_client(url) as hub:
        _print_activation(hub.activate_policy(world, policy_id, version, reason), json=json)


def active(world: World, url: Url = None, *, json: Json = False) -> None:
    """Show the active policy of a world."""
    with open_client(url) as hub:
        _print_activation(hub.active_policy(world), json=json)


def history(world: World, url: Url = None, *, json: Json = False) -> None:
    """List every activation of a world, newest first."""
    with open_client(url) as hub:
        found = list(hub.policy_activations(world))
    if json:
        print_document(found)
        return
    for each in found:
        _print_activation(each, json=False)
    if not found:
        print_line(f"{world}: no policy was activated")


def _read_policy(file: Path, *, json: bool) -> EvaluationPolicy:
    """Return the policy in a file, or print what is wrong and exit."""
    name = str(input_name(file))
    try:
        read = read_policy_file(file)
    except UnreadablePolicyError as error:
        raise refusal(name, [error.finding], json=json) from None
    try:
        return parse_policy(read.document)
    except ProblemError as problem:
        raise refusal(name, list(findings_of(problem, read)), json=json) from None


def _stored_line(stored: dict[str, Any]) -> str:
    return (
        f"{stored['policy_id']} {stored['version']}: {stored['policy_hash']}, "
        f"stored at {stored['stored_at']} by {stored['stored_by']}"
    )


def _print_activation(activation: dict[str, Any], *, json: bool) -> None:
    if json:
        print_document(activation)
        return
    print_line(
        f"{activation['world_id']} {activation['sequence']}: {activation['policy_id']} {activation['version']}, "
        f"activated at {activation['activated_at']} by {activation['activated_by']}: {activation['reason']}"
    )
