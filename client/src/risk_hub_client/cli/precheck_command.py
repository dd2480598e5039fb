"""`risk-hub precheck`: judge strategies by a policy on this machine, without a verdict."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from risk_hub_client.cli.input_files import check_input_exists, input_name, read_input
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.policy_file import UnreadablePolicyError, findings_of, read_policy_file
from risk_hub_client.cli.policy_refusal import refusal
from risk_hub_client.cli.screen import print_document, print_line, print_note
from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.prechecks import precheck
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.policies.evaluation_policy import Stage, parse_policy

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command `precheck`."""
    app.command("precheck")(precheck_files)


def precheck_files(
    policy: Annotated[
        Path,
        typer.Argument(
            metavar="POLICY", help="A policy as YAML or JSON; - reads stdin.", callback=check_input_exists
        ),
    ],
    strategies: Annotated[
        Path,
        typer.Argument(
            metavar="STRATEGIES",
            help="The body of an evaluation, or its list of strategies, as JSON; - reads stdin.",
            callback=check_input_exists,
        ),
    ],
    stage: Annotated[
        Stage | None, typer.Option(help="The stage; default: the member `stage` of the body.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Judge strategies by a policy on this machine; the result is not a verdict.

    The rules are those of the hub. Rules that need its portfolio, correlations or earlier runs are left out and named.
    """
    document = _policy_document(policy, json=json)
    listed, chosen = _strategies(strategies, stage)
    try:
        found = precheck(document, listed, chosen)
    except InvalidSnapshotError as error:
        raise error.in_file(input_name(strategies)) from None
    if json:
        print_document(found)
        return
    print_note(found["notice"])
    for line in _lines(found):
        print_line(line)


def _policy_document(file: Path, *, json: bool) -> dict[str, Any]:
    """Return the document of a valid policy, or print what is wrong and exit."""
    name = str(input_name(file))
    try:
        read = read_policy_file(file)
    except UnreadablePolicyError as error:
        raise refusal(name, [error.finding], json=json) from None
    try:
        return parse_policy(read.document).document()
    except ProblemError as problem:
        raise refusal(name, list(findings_of(problem, read)), json=json) from None


def _strategies(file: Path, stage: Stage | None) -> tuple[Sequence[Mapping[str, Any]], Stage]:
    """Return the strategies in a file, and the stage."""
    try:
        document = strict_json.loads(read_input(file), name="file")
    except ProblemError as problem:
        raise InvalidSnapshotError.of(problem).in_file(input_name(file)) from None
    body = document if isinstance(document, dict) else {"strategies": document}
    named = stage or body.get("stage")
    if named not in get_args(Stage):
        raise typer.BadParameter(f"name the stage: --stage {', '.join(get_args(Stage))}")
    listed = body.get("strategies")
    if not isinstance(listed, list):
        raise InvalidSnapshotError("/strategies: must be an array", file=input_name(file))
    return cast("list[Mapping[str, Any]]", listed), cast("Stage", named)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"pre-check, not a verdict: {found['policy_id']} {found['policy_version']} ({found['policy_hash']}), "
        f"stage {found['stage']}, {found['engine_version']}"
    )
    for name, need in found["needs_hub"].items():
        yield f"needs the hub: {name}: {need}"
    for name in found["compares_given_strategies"]:
        yield f"compares the given strategies only: {name}"
    for strategy in found["strategies"]:
        selected = "selected" if strategy["selected"] else "not selected"
        yield f"{strategy['strategy_id']}: {strategy['status']}, {selected}"
        yield from (_result_line(each) for each in strategy["results"] if each["status"] != "pass")


def _result_line(result: Mapping[str, Any]) -> str:
    numbers = "".join(f", {name} {result[name]:g}" for name in ("observed", "limit") if name in result)
    return f"  {result['rule']}: {result['status']}, {result['reason_code']}{numbers} ({result['unit']})"
