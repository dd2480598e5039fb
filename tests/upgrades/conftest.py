"""The environment of moto, for every test of this folder."""

from tests.adapters.conftest import _aws_environment

__all__ = ["_aws_environment"]
