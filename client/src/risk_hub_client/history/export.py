"""Export of a world's history to one file, which continues after an interruption at any moment.

`OUT.part` holds the lines written so far. `OUT.state` records the position of the reader and the size of the part
at a moment when both agreed; it is replaced as a whole. A run first removes what was written to the part
later, and continues there. When everything is written, the part becomes OUT, and the state is removed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor

from risk_hub_client.history.export_state import (
    Exported,
    ExportError,
    ExportRequest,
    Files,
    PartWriter,
    State,
    read_state,
    store_state,
)
from risk_hub_client.history.formats import write_parquet
from risk_hub_client.history.snapshots import SnapshotHistory

__all__ = ["Progress", "export_history"]

Progress = Callable[[str, int], None]


def export_history(
    history: SnapshotHistory, request: ExportRequest, out: Path, progress: Progress
) -> Exported:
    """Write the history to a file, or continue an interrupted export.

    Args:
        history: the snapshots of the request.
        request: what is exported.
        out: the file to write; it must not exist.
        progress: called with the position and the number of snapshots so far.

    Raises:
        ExportError: the file exists, or belongs to another export, or another process writes it.
        OSError: a file cannot be written.
    """
    files = Files(out)
    state = _stored_state(files, request)
    if not state.is_complete:
        state = _write_part(history, files, progress)
    _finish(files, state)
    return state.exported


def _stored_state(files: Files, request: ExportRequest) -> State:
    """Return the state of an interrupted export, or store that of a new one."""
    if files.state.exists():
        state = read_state(files.state)
        _require_same_request(files, state, request)
        _require_free(files, state)
        return state
    for file in (files.out, files.part):
        if file.exists():
            raise ExportError(
                f"{file} exists and no export of it is unfinished: delete it, or give another --out"
            )
    state = State(request)
    store_state(files, state)
    return state


def _require_same_request(files: Files, state: State, request: ExportRequest) -> None:
    if state.request != request:
        found = state.request
        raise ExportError(
            f"{files.state} belongs to the export of world {found.world_id} from {found.start} to {found.end} as "
            f"{found.format} from {found.url}: repeat that command, or delete {files.state} and {files.part}"
        )


def _require_free(files: Files, state: State) -> None:
    """Raise if OUT is a file that this export did not write."""
    is_ours = state.is_complete and (state.request.format == "parquet" or not files.part.exists())
    if files.out.exists() and not is_ours:
        raise ExportError(
            f"{files.out} exists, but its export is unfinished: move it away to continue the export"
        )


def _write_part(history: SnapshotHistory, files: Files, progress: Progress) -> State:
    with (
        _name_file_in_errors(files.part),
        files.part.open("ab", buffering=PartWriter.BUFFER_BYTES) as file,
    ):
        if not lock_descriptor(file.fileno(), blocking=False):
            raise ExportError(f"another process is writing {files.part}: wait for its end")
        # Read under the lock: another process may have continued the export before.
        writer = PartWriter(files, file, read_state(files.state))
        for batch in history.batches(writer.position):
            for line in batch:
                writer.write(line)
            writer.checkpoint_if_due()
            progress(writer.position or history.start, writer.count)
        return writer.complete()


@contextmanager
def _name_file_in_errors(file: Path) -> Iterator[None]:
    """Add the file's name to operating system errors that name no file, such as a full disk."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(file)
        raise


def _finish(files: Files, state: State) -> None:
    """Give the complete part its name; after a crash at any step, repeating all steps has the same result."""
    if files.part.exists():
        if state.request.format == "parquet":
            write_parquet(files.part, files.converted, state.count)
            files.converted.replace(files.out)
            files.part.unlink()
        else:
            files.part.replace(files.out)
    files.state.unlink()
