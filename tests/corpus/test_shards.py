"""Shards: whatever happens to their files, what is read is what was computed."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ulk_tf.corpus.shards import Shards

IDENTITY = {"schema": 1, "numbers": (1, 2)}
PROBES = ["one", "two"]
BASE = "shadow-000"
LARGEST = 8


def computed(start: int, stop: int, weights: str) -> dict[str, np.ndarray]:
    """Posteriors that tell which update of which model they are of."""
    shift = len(weights) / 100
    after = np.arange(start, stop, dtype=np.float32)[:, None, None] + np.zeros((1, 2, 3))
    return {"before": np.full((2, 3), shift, np.float32), "after": (after + shift).astype("f4")}


def fill(folder: Path, updates: int, weights: str = "w", base: str = BASE) -> int:
    """Compute what is missing, check the whole, and return how many updates were computed."""
    shards = Shards(folder, dict(IDENTITY), PROBES)
    gaps = shards.missing(base, updates, weights, LARGEST)
    shards.sweep()
    for start, stop in gaps:
        shards.write(base, start, stop, weights, computed(start, stop, weights))
    parts = list(Shards(folder, dict(IDENTITY), PROBES).read(base, updates))
    expected = computed(0, updates, weights)
    for before, _ in parts:
        np.testing.assert_array_equal(before, expected["before"])
    np.testing.assert_array_equal(np.concatenate([p for _, p in parts]), expected["after"])
    return sum(stop - start for start, stop in gaps)


def damage(folder: Path, kind: str, number: int) -> None:
    """Do something to one of a corpus' files."""
    files = sorted(folder.glob("*.npz"))
    path = files[number % len(files)] if files else folder / "x_y.npz"
    content = bytearray((path.read_bytes() if path.is_file() else b"") or b"x")
    manifest = folder / "MANIFEST.json"
    if kind == "remove":
        path.unlink(missing_ok=True)
    elif kind == "truncate":
        path.write_bytes(content[: number % len(content)])
    elif kind == "flip":
        content[number % len(content)] ^= 1 << number % 8
        path.write_bytes(content)
    elif kind == "exchange":
        path.write_bytes(files[0].read_bytes() if files else b"x")
    elif kind == "foreign":
        (folder / f"{BASE}_000000-{number:06d}.npz").write_bytes(content)
    elif kind == "manifest" and manifest.is_file():
        text = manifest.read_text()
        half = text[: number % max(len(text), 1)]
        strange = ["", "[]", "null", '{"shards": 3}', half, "\0", "{}"]
        manifest.write_bytes(strange[number % len(strange)].encode())
    elif kind == "entry" and (whole := sound_manifest(manifest)):
        for name in whole["shards"]:
            strange = [None, 3, {}, {"base": BASE}, {"base": 1, "start": "a", "stop": 2.5}]
            whole["shards"][name] = strange[number % len(strange)]
        manifest.write_text(json.dumps(whole))


def sound_manifest(path: Path) -> dict[str, Any]:
    """A manifest that no earlier damage has made something else; nothing otherwise."""
    try:
        whole = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    sound = isinstance(whole, dict) and isinstance(whole.get("shards"), dict)
    return whole if sound else {}


DAMAGE = ["remove", "truncate", "flip", "exchange", "foreign", "manifest", "entry"]


@settings(deadline=None, max_examples=30)
@example([("fill", 0), ("manifest", 0), ("manifest", 0), ("entry", 0)])
@example([("fill", 0), ("manifest", 1), ("entry", 0)])
@example([("fill", 0), ("manifest", 4), ("entry", 0), ("manifest", 3), ("entry", 1)])
@given(
    st.lists(
        st.tuples(st.sampled_from(["fill", *DAMAGE]), st.integers(0, 2**16)), min_size=2, max_size=8
    )
)
def test_never_a_wrong_corpus(events: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, number in [*events, ("fill", 30)]:
            if kind == "fill":
                fill(folder, number % 40 + 1, "w" * (1 + number % 5 // 4))
            else:
                damage(folder, kind, number)


def test_only_what_is_damaged_is_computed_again(tmp_path: Path) -> None:
    assert fill(tmp_path, 30) == 30
    sound = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert fill(tmp_path, 30) == 0
    for kind in ("remove", "truncate", "flip"):
        damage(tmp_path, kind, 1)
        assert fill(tmp_path, 30) == 8
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == sound


def test_shards_end_at_the_same_numbers_however_a_corpus_grew(tmp_path: Path) -> None:
    for updates, new in ((3, 3), (20, 17), (11, 0), (40, 20)):
        assert fill(tmp_path, updates) == new
    ends = {int(path.stem.split("-")[-1]) for path in tmp_path.glob("*.npz")}
    assert ends == {3, 8, 16, 20, 24, 32, 40}


def test_bases_keep_apart(tmp_path: Path) -> None:
    assert fill(tmp_path, 10) == 10
    assert fill(tmp_path, 10, "ww", "shadow-001") == 10
    assert fill(tmp_path, 10) == 0
    # Updates of other weights are of another model.
    assert fill(tmp_path, 10, "www") == 10
    assert fill(tmp_path, 10, "ww", "shadow-001") == 0


@pytest.mark.parametrize("identity", [{"schema": 2, "numbers": (1, 2)}, {}])
def test_another_corpus_does_not_count(tmp_path: Path, identity: dict[str, object]) -> None:
    fill(tmp_path, 10)
    other = Shards(tmp_path, identity, PROBES)
    assert other.missing(BASE, 10, "w", LARGEST) == [(0, 8), (8, 10)]
    other.sweep()
    assert not list(tmp_path.glob("*_*.npz"))


def test_the_plan_and_strangers_files_stay(tmp_path: Path) -> None:
    for name in ("plan.npz", "notes.txt"):
        (tmp_path / name).write_text("mine")
    fill(tmp_path, 10)
    fill(tmp_path, 20)
    assert {path.name for path in tmp_path.iterdir()} > {"plan.npz", "notes.txt", "MANIFEST.json"}
