"""The memory of a process, without what it inherited from its parent."""

from pathlib import Path

MB = 1_000_000


def peak_mb() -> float:
    """Return the greatest resident size since this program began, in MB (`ru_maxrss` would begin with the parent's)."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = [line for line in text.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 / MB
