"""Errors of operator commands, and their texts."""

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError


class OperateError(Exception):
    """A sentence: what is wrong, where, and what to do. It is never printed as a traceback."""


class RefusedRequestError(OperateError):
    """A function refused what an operator asked for: the same request will be refused again."""


def error_code(error: ClientError) -> str:
    """Return AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_text(error: Exception) -> str:
    """Return the operator's text for an error that a command expects."""
    if isinstance(error, NoCredentialsError):
        return "No AWS credentials were found. Set AWS_PROFILE, or sign in as for the aws command."
    if isinstance(error, NoRegionError):
        return "No AWS region is set. Set AWS_DEFAULT_REGION to the region of the stage."
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "no reason given")
        return f"AWS refused {error.operation_name} ({error_code(error)}): {message}"
    if isinstance(error, BotoCoreError):
        return f"AWS could not be reached: {error}"
    return str(error)
