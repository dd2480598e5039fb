"""Workers see the stage's own libraries and folders, and nothing from the checkout or the user."""

import sys

from infra.local.settings import REPOSITORY, LocalSettings
from tests.local_stage.conftest import POLLUTION
from tests.local_stage.probe import Probe


def test_a_worker_cannot_import_from_the_checkout(probe: Probe) -> None:
    seen = probe(names=["infra", "tests", "functions", "risk_hub_contracts"])
    assert not any(seen["importable"].values())
    assert str(REPOSITORY) not in seen["path"]


def test_worker_imports_libraries_from_the_stages_environment(probe: Probe) -> None:
    seen = probe(names=["boto3", "pydantic", "aws_lambda_powertools", "numpy"])
    assert all(seen["importable"].values())
    assert seen["prefix"] == sys.prefix


def test_worker_does_not_inherit_variables_of_the_users_shell(probe: Probe) -> None:
    environment = probe()["environment"]
    leaked = {name for name, value in POLLUTION.items() if environment.get(name) == value}
    assert not leaked


def test_worker_does_not_read_the_users_aws_profile(probe: Probe, settings: LocalSettings) -> None:
    seen = probe()
    assert seen["home"] == str(settings.worker_home)
    assert seen["environment"]["AWS_CONFIG_FILE"] == "/dev/null"
    assert seen["environment"]["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_a_workers_temporary_files_stay_in_the_stages_folder(probe: Probe, settings: LocalSettings) -> None:
    seen = probe()
    assert seen["temporary"] == str(settings.temporary)
    assert any(settings.temporary.glob("ministack-lambda-*"))
