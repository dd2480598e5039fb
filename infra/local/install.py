"""One release on the emulator: its templates, its code, and what the emulator drops of them."""

from dataclasses import dataclass, field

from infra.local.assembly import Assembly, read_assembly
from infra.local.aws import LocalAws
from infra.local.code_zip import build_code_zip
from infra.local.deploy import CodeZips, Deployer, Deployment
from infra.local.dropped_settings import apply_dropped_settings
from infra.local.secret_grants import respell_secret_grants


@dataclass(frozen=True, slots=True)
class LocalRelease:
    """What a deployment puts on the emulator: this tree's templates and code, unless others are given."""

    assembly: Assembly = field(default_factory=read_assembly)
    code_zip: CodeZips = build_code_zip


def install(aws: LocalAws, release: LocalRelease, *, enforce_iam: bool) -> Deployment:
    """Deploy a release, or bring the one that is deployed to it, in place.

    Raises:
        StageError: a stack failed; the text names the resource and its reason.
    """
    deployment = Deployer(aws, release.assembly, release.code_zip).deploy()
    for template in release.assembly.templates:
        apply_dropped_settings(aws, template)
    if enforce_iam:
        respell_secret_grants(aws, deployment.outputs["TokensSecretArn"])
    return deployment
