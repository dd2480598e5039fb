"""The command of a worker: checked before the first event, run once for each event."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import Any, Final

RENEWAL_SECONDS: Final = 20
STDERR: Final = 2
SYNTAX_CHECK_SECONDS: Final = 10
# Characters that a shell interprets unquoted, and those that it interprets within double quotes.
SHELL_CHARACTERS: Final = frozenset(";|&<>()$`*?[\n")
EXPANDED_IN_QUOTES: Final = frozenset("$`")
USE_SHELL: Final = "Add --shell to run it in a shell, or quote the character."

Run = Callable[[dict[str, Any], Callable[[], None]], str | None]
"""Runs the command on an event and renews its visibility meanwhile; returns the failure, or None."""


class CommandError(Exception):
    """A command that cannot be run; the text says why."""


def parse_command(command: str, *, shell: bool) -> list[str]:
    """Return the words of a command that can be started.

    Args:
        command: the command as given.
        shell: whether a shell runs it.

    Raises:
        CommandError: it is empty, its quotes are wrong, its program does not exist, or it needs a shell.
    """
    if not command.strip():
        raise CommandError("The command is empty.")
    if shell:
        return _checked_by_shell(command)
    character = _needs_shell(command)
    if character is not None:
        raise CommandError(f"The command contains {character!r}, which only a shell interprets. {USE_SHELL}")
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise CommandError(f"The command cannot be read: {error}.") from None
    program = shutil.which(words[0])
    if program is None:
        raise CommandError(f"No executable program {words[0]!r} was found on the PATH.")
    return [program, *words[1:]]


def _checked_by_shell(command: str) -> list[str]:
    shell = shutil.which("sh")
    if shell is None:
        raise CommandError("There is no program 'sh' on the PATH.")
    words = [shell, "-c", command]
    checked = subprocess.run(  # noqa: S603 - reads the operator's own command, and runs nothing
        [shell, "-n", *words[1:]],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=SYNTAX_CHECK_SECONDS,
    )
    if checked.returncode:
        reason = " ".join(checked.stderr.split())
        raise CommandError(f"The shell cannot read the command: {reason}")
    return words


def _needs_shell(command: str) -> str | None:
    """Return the first character that a shell would interpret, or None."""
    quote, escaped, word_begins = "", False, True
    for character in command:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            if quote == '"' and character in EXPANDED_IN_QUOTES:
                return character
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in SHELL_CHARACTERS or (character == "~" and word_begins):
            return character
        word_begins = character.isspace()
    return None


def runner(words: Sequence[str], *, stdout: int | None = None) -> Run:
    """Return a function that runs a command with an event on its stdin; status 0 is success.

    Args:
        words: the command.
        stdout: file descriptor of its stdout; None: the process's own.
    """

    def run(event: dict[str, Any], renew: Callable[[], None]) -> str | None:
        event_line = (json.dumps(event) + "\n").encode()
        try:
            with subprocess.Popen(list(words), stdin=subprocess.PIPE, stdout=stdout) as process:  # noqa: S603 - the operator's own
                status = _status(process, event_line, renew)
        except OSError as error:
            return f"the command could not be started ({error.strerror})"
        return None if status == 0 else _reason(status)

    return run


def _status(process: "subprocess.Popen[bytes]", event_line: bytes, renew: Callable[[], None]) -> int:
    """Return the status of a command; renew its event's visibility while it runs."""
    remaining_input: bytes | None = event_line
    while True:
        try:
            process.communicate(remaining_input, timeout=RENEWAL_SECONDS)
        except subprocess.TimeoutExpired:
            remaining_input = None
            renew()
        else:
            return process.returncode


def _reason(status: int) -> str:
    return (
        f"the command was ended by signal {-status}"
        if status < 0
        else f"the command ended with status {status}"
    )
