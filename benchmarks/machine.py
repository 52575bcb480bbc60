"""Machine and date of a measurement; nothing that would identify the machine."""

import importlib.metadata
import platform
from datetime import UTC, datetime
from pathlib import Path

from ulk_tf.corpus.processes import cores
from ulk_tf.files import memory_limit

PACKAGES = ("tensorflow", "keras", "torch", "numpy")
SHOWN_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def machine() -> dict[str, object]:
    """Processor, cores, memory, operating system, versions and date."""
    about = _cpuinfo()
    flags = about.get("flags", "").split()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": about.get("model name") or platform.machine(),
        "instructions": [flag for flag in SHOWN_FLAGS if flag in flags],
        "cores": cores(),
        "memory_gib": round(2 * memory_limit() / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in PACKAGES},
    }


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text().partition("\n\n")[0]
    rows = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in rows}
