"""Machine: cores and memory that this process may use, within its container's limits."""

import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
PROCESSORS = Path("/proc/cpuinfo")
# Assumed bytes of memory if the system does not report them: enough for data, without swapping.
UNKNOWN_MEMORY = 8 * 2**30


def cores() -> int:
    """Return the number of cores that this process may use, by affinity and container quota."""
    allowed = getattr(os, "sched_getaffinity", None)
    count = len(allowed(0)) if allowed else os.cpu_count() or 1
    shares = [quota / period for quota, period in _cpu_quotas() if quota > 0 < period]
    return max(1, min([count, *(int(share + 0.5) for share in shares)]))


def memory() -> int:
    """Return the bytes of memory that this process may use: the machine's or its container's."""
    try:
        physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        physical = UNKNOWN_MEMORY
    limits = _numbers("memory.max", "memory/memory.limit_in_bytes")
    return min([physical, *(limit for limit in limits if limit > 0)])


def processor_has(feature: str) -> bool:
    """Tell whether the processor has an instruction set.

    Args:
        feature: as Linux names it, such as `amx_bf16`; elsewhere no feature is known.
    """
    for line in _read(PROCESSORS).splitlines():
        if line.startswith("flags"):
            return feature in line.split()
    return False


def _cpu_quotas() -> Iterator[tuple[float, float]]:
    """Yield CPU quota and period, in microseconds, of each control group of this process."""
    for folder in _folders():
        words = _read(folder / "cpu.max").split()
        if len(words) == 2 and all(word.isdecimal() for word in words):
            yield float(words[0]), float(words[1])
    quotas = _numbers("", "cpu/cpu.cfs_quota_us")
    periods = _numbers("", "cpu/cpu.cfs_period_us")
    yield from zip(quotas, periods, strict=False)


def _numbers(unified: str, older: str) -> Iterator[int]:
    """Yield the numbers in a file of control groups: version 2 (unified), then version 1."""
    paths = [folder / unified for folder in _folders() if unified] + [CGROUPS / older]
    for path in paths:
        text = _read(path).strip()
        if text.isdecimal():
            yield int(text)


def _folders() -> Iterator[Path]:
    """Yield the folders of this process' control group of version 2 and of those above it."""
    for line in _read(OWN).splitlines():
        number, _, name = line.partition("::")
        if number != "0":
            continue
        folder = CGROUPS / name.lstrip("/")
        # In a container the name may be that of the host; the container's group is then the root.
        yield from (one for one in (folder, *folder.parents) if one.is_relative_to(CGROUPS))
        return
    yield CGROUPS


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
