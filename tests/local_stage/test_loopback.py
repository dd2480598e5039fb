"""No part of the stage can be reached from another machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.bring_up import RunningStage

LISTENING = "0A"
LOOPBACK_ADDRESS = "0100007F"


def test_every_listening_socket_is_on_the_loopback_interface(stage: RunningStage) -> None:
    if not Path("/proc/net/tcp").exists():
        pytest.skip("needs /proc")
    addresses = list(_listening_addresses(stage.process.process.pid))
    assert len(addresses) == 2
    assert set(addresses) == {LOOPBACK_ADDRESS}


def _listening_addresses(pid: int) -> Iterator[str]:
    inodes = {
        str(entry.readlink()).removeprefix("socket:[").rstrip("]")
        for entry in Path(f"/proc/{pid}/fd").iterdir()
    }
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                yield fields[1].rpartition(":")[0]
