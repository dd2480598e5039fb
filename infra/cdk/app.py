"""The CDK app of the hub: `python -m infra.cdk.app -c stage=dev` writes its assembly.

`cdk.json` makes it the app of every `cdk` command; `infra.ops.deploy` also tests an assembly before deploying it.

Context:
    stage: local, dev, staging or prod.
    allowed_networks: comma-separated CIDR blocks that may call the API; required for staging and prod.
    critical_subscribers, warning_subscribers: comma-separated mailto: and https:// addresses for alarms.
    gross_exposure_max: limits by X-Stage such as live=20,paper=100.
    hot_days: age in days from which a snapshot is moved from the table to history.
    history_retention_days: days for which snapshots and their reports are kept.
    move_settle_seconds: seconds since its commit before a snapshot may be moved.
    runbook_base: address of this repository's files, ending in a slash, so that each alarm links to its page.
    rollout: at_once, for a release that fixes the cause of an alarm.
    old_snapshots: kept, to keep the table of snapshots of release 1.0 until its items are copied.
    permissions_boundary: managed policy, by name or ARN, that bounds every role of the stage.
    domain_name, certificate_arn, base_path: custom domain of the API, its certificate, first path segment.
    writer_concurrency, reader_concurrency: executions reserved for snapshot_writer and snapshot_reader.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.bundles.build import BUILD_FOLDER, bundle_zip
from infra.bundles.contents import Bundle
from infra.cdk.constructs.function_code import built_code, placeholder_code
from infra.cdk.stacks.hub import add_hub, new_app
from infra.context_values import CONTEXT_KEYS, context_pair, resolve_environment
from infra.errors import BundleError, EnvironmentSpecError
from infra.names import BUNDLE_GROUPS, LAMBDA_ARCHITECTURE, BundleGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_lambda as lambda_

    from infra.environments import EnvironmentSpec


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the assembly (to `CDK_OUTDIR` or `cdk.out`); return 1 and print the reason on failure."""
    try:
        outdir = _writable(Path(os.environ.get("CDK_OUTDIR", "cdk.out")))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    app = new_app(outdir)
    context = {key: app.node.try_get_context(key) for key in ("stage", *CONTEXT_KEYS)}
    context |= _context_arguments(arguments)
    try:
        environment = resolve_environment(
            context["stage"] or "", **{key: context[key] for key in CONTEXT_KEYS}
        )
        add_hub(app, environment, _code(environment))
    except (EnvironmentSpecError, BundleError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    app.synth()
    return os.EX_OK


def _writable(outdir: Path) -> Path:
    """Create the folder of the assembly and check that it is writable; otherwise the CDK would hang.

    Raises:
        OSError: the folder cannot be created, or is not writable.
    """
    advice = "Set CDK_OUTDIR to a folder that this user may write to."
    try:
        outdir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{outdir} cannot be created ({error.strerror}). {advice}") from error
    if not os.access(outdir, os.W_OK | os.X_OK):
        raise OSError(f"{outdir} is not writable. {advice}")
    return outdir


def _context_arguments(arguments: Sequence[str] | None) -> dict[str, str]:
    parser = argparse.ArgumentParser(
        prog="python -m infra.cdk.app",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-c", "--context", type=_context_pair, action="append", default=[], metavar="KEY=VALUE"
    )
    return dict(parser.parse_args(arguments).context)


def _context_pair(text: str) -> tuple[str, str]:
    try:
        return context_pair(text, ("stage", *CONTEXT_KEYS))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _code(environment: EnvironmentSpec) -> dict[BundleGroup, lambda_.Code]:
    if environment.bundles == "placeholder":
        return placeholder_code(BUILD_FOLDER / "placeholder")
    return built_code({group: bundle_zip(Bundle(group, LAMBDA_ARCHITECTURE)) for group in BUNDLE_GROUPS})


if __name__ == "__main__":
    sys.exit(main())
