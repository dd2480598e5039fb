"""`risk-hub evaluate`: evaluate strategies of a world on the hub."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from risk_hub_client.cli.input_files import check_input_exists, input_name, read_input
from risk_hub_client.cli.options import Json
from risk_hub_client.cli.screen import print_document, print_line, print_note
from risk_hub_client.cli.session import Url, open_client
from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.problems import ProblemError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command `evaluate`."""
    app.command("evaluate")(evaluate)


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="An evaluation as JSON; - reads stdin.", callback=check_input_exists
        ),
    ],
    world: Annotated[str, typer.Option(help="The world.")],
    url: Url = None,
    *,
    json: Json = False,
) -> None:
    """Evaluate the strategies in a file by a policy of the world; every verdict is stored as a run.

    The same file again answers the stored runs. After a failure, run the same command again.
    """
    request = _request(file)
    try:
        with open_client(url) as hub:
            answer = hub.evaluate(world, request)
    except InvalidSnapshotError as error:
        raise error.in_file(input_name(file)) from None
    if json:
        print_document(answer)
        return
    for line in _lines(answer):
        print_line(line)
    if answer["results_included"] != "all":
        print_note("The answer leaves out results; the runs contain all of them.")


def _request(file: Path) -> Mapping[str, Any]:
    try:
        document = strict_json.loads(read_input(file), name="file")
    except ProblemError as problem:
        raise InvalidSnapshotError.of(problem).in_file(input_name(file)) from None
    if not isinstance(document, dict):
        raise InvalidSnapshotError(": must be an object", file=input_name(file))
    return document


def _lines(answer: Mapping[str, Any]) -> Iterator[str]:
    policy, snapshot = answer["policy"], answer["snapshot"]
    yield (
        f"evaluation {answer['evaluation_id']}: {policy['policy_id']} {policy['version']} "
        f"({policy['policy_hash']}), snapshot {snapshot['version']}, stage {answer['stage']}"
    )
    for strategy in answer["strategies"]:
        selected = "selected" if strategy["selected"] else "not selected"
        yield (
            f"{strategy['strategy_id']}: {strategy['status']}, {selected}, "
            f"recommended stage {strategy['recommended_stage']}, run {strategy['run_id']}"
        )
        for result in strategy["results"]:
            if result["status"] != "pass":
                yield f"  {result['rule']}: {result['status']}, {result['reason_code']}{_numbers(result)}"
        for path, reason in strategy["unresolved"].items():
            yield f"  {path}: not computed, {reason}"


def _numbers(result: Mapping[str, Any]) -> str:
    return "".join(f", {name} {result[name]:g}" for name in ("observed", "limit") if name in result)
