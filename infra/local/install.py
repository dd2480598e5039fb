"""Install one release on the emulator: templates, code, and the settings that the emulator drops."""

from dataclasses import dataclass, field

from infra.local.assembly import Assembly, read_assembly
from infra.local.aws import LocalAws
from infra.local.code_zip import build_code_zip
from infra.local.deploy import CodeZips, Deployer, Deployment
from infra.local.dropped_settings import apply_dropped_settings
from infra.local.history_settings import HistorySettings
from infra.local.history_variables import apply_history_settings
from infra.local.secret_grants import fix_secret_grants


@dataclass(frozen=True, slots=True)
class LocalRelease:
    """Contents of a deployment: by default this tree's templates and code."""

    assembly: Assembly = field(default_factory=read_assembly)
    code_zip: CodeZips = build_code_zip


def install(
    aws: LocalAws, release: LocalRelease, *, enforce_iam: bool, history: HistorySettings
) -> Deployment:
    """Deploy a release, or update the deployed release to it in place.

    Raises:
        LocalStageError: a stack failed; the text names the resource and its reason.
    """
    deployment = Deployer(aws, release.assembly, release.code_zip).deploy()
    for template in release.assembly.templates:
        apply_dropped_settings(aws, template)
        apply_history_settings(aws, template, history)
    if enforce_iam:
        fix_secret_grants(aws, deployment.outputs["TokensSecretArn"])
    return deployment
