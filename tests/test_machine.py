"""Cores and memory: the least of affinity, quota and limit, whichever version tells them."""

import os
from pathlib import Path

import pytest

from ulk_tf import machine


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Control groups of one's own, in which nothing is limited yet, and eight cores."""
    monkeypatch.setattr(machine, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "OWN", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "cgroup" / "a" / "b").mkdir(parents=True)
    (tmp_path / "own").write_text("0::/a/b\n")
    return tmp_path / "cgroup"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 8),
        ({"a/b/cpu.max": "max 100000\n"}, 8),
        ({"a/b/cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000"}, 2),
        ({"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
        ({"a/b/cpu.max": "20000 100000"}, 1),
        ({"a/b/cpu.max": "nonsense"}, 8),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4),
    ],
)
def test_cores_are_what_the_container_allows(
    groups: Path, files: dict[str, str], expected: int
) -> None:
    for name, text in files.items():
        write(groups / name, text)
    assert machine.cores() == expected


def test_cores_without_affinity(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert machine.cores() == 5


@pytest.mark.parametrize("name", ["a/b/memory.max", "a/memory.max", "memory/memory.limit_in_bytes"])
def test_memory_is_what_the_container_allows(groups: Path, name: str) -> None:
    whole = machine.memory()
    write(groups / name, "max")
    assert machine.memory() == whole
    write(groups / name, str(2**28))
    assert machine.memory() == 2**28
    write(groups / name, str(2**63))
    assert machine.memory() == whole


def test_this_machine_has_some() -> None:
    assert machine.cores() >= 1 and machine.memory() > 2**28


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("processor : 0\nflags\t\t: fpu amx_bf16 avx2\n", True),
        ("flags : fpu amx_bf16_more avx2\nbugs : amx_bf16\n", False),
        ("", False),
    ],
)
def test_an_instruction_set_is_one_of_the_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, expected: bool
) -> None:
    monkeypatch.setattr(machine, "PROCESSORS", tmp_path / "cpuinfo")
    assert not machine.processor_has("amx_bf16")
    (tmp_path / "cpuinfo").write_text(told)
    assert machine.processor_has("amx_bf16") is expected
