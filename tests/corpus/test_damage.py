"""A damaged corpus is mended by computing what is damaged, and never read as if it were whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.conftest import Asked
from tests.corpus.settings import ALL, built, contents, designs, folder_of
from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.files import load_npz


@pytest.mark.parametrize("fault", ["truncated", "flipped", "missing", "foreign"])
def test_a_damaged_base_model_is_trained_again(copy: Path, asked: Asked, fault: str) -> None:
    before = contents(copy)
    paths = sorted((copy / "digits" / "bases").glob("*.npz"))
    content = bytearray(paths[1].read_bytes())
    content[len(content) // 2] ^= 4
    if fault == "missing":
        paths[1].unlink()
    else:
        damaged = {
            "truncated": content[:1000],
            "flipped": content,
            "foreign": paths[0].read_bytes(),
        }
        paths[1].write_bytes(damaged[fault])
    built(copy)
    # The same bytes come out, so that no update is computed again.
    assert asked.look() == (1, 0)
    assert contents(copy) == before


def test_updates_of_another_base_model_are_not_used(copy: Path, asked: Asked) -> None:
    design, _ = designs(copy)
    base = BaseId("shadow", 1)
    (path,) = (copy / "digits" / "bases").glob("shadow-001*.npz")
    model = BaseModel.load(path, design.base_key(base))
    other = replace(model, weights=tuple(w * np.float32(0.9) for w in model.weights))
    other.save(path, design.base_key(base))
    corpus = built(copy)
    assert asked.look() == (0, 40)
    assert corpus.bases[base].digest == other.digest


@pytest.mark.parametrize("fault", ["truncated", "flipped", "missing", "foreign", "other corpus"])
def test_just_the_damaged_shard_is_computed_again(copy: Path, asked: Asked, fault: str) -> None:
    folder = folder_of(copy)
    before = contents(folder)
    damaged, other = (
        folder / "shadow-001_000016-000032.npz",
        folder / "shadow-000_000016-000032.npz",
    )
    content = bytearray(damaged.read_bytes())
    if fault == "missing":
        damaged.unlink()
    elif fault == "other corpus":
        built(copy, update_learning_rate=0.5)
        strange = folder_of(copy, update_learning_rate=0.5) / damaged.name
        damaged.write_bytes(strange.read_bytes())
    else:
        flipped = content.copy()
        flipped[-300] ^= 1
        faults = {"truncated": content[:-1], "flipped": flipped, "foreign": other.read_bytes()}
        damaged.write_bytes(faults[fault])
    asked.look()
    built(copy)
    assert asked.look() == (0, 16)
    assert contents(folder) == before


@pytest.mark.parametrize("fault", ["missing", "truncated", "other identity", "no JSON", "unlisted"])
def test_a_damaged_manifest_never_makes_a_wrong_corpus(
    copy: Path, asked: Asked, fault: str
) -> None:
    folder = folder_of(copy)
    before = contents(folder)
    manifest = folder / "MANIFEST.json"
    text = manifest.read_text()
    faults = {
        "truncated": text[:-30],
        "other identity": text.replace('"seed": 0', '"seed": 1'),
        "no JSON": "\0\1",
        "unlisted": text.replace("shadow-001_000000-000016.npz", "shadow-001_000000-000017.npz"),
    }
    manifest.unlink() if fault == "missing" else manifest.write_text(faults[fault])
    built(copy)
    assert asked.look() == (0, 16 if fault == "unlisted" else ALL - 20)
    assert contents(folder) == before


def test_a_damaged_plan_is_written_again(copy: Path, asked: Asked) -> None:
    folder = folder_of(copy)
    before = contents(folder)
    (folder / "plan.npz").write_bytes(b"x")
    built(copy, training_updates=41)
    assert asked.look() == (0, 2)
    assert load_npz(folder / "plan.npz")["role"].shape == (2 * 41 + 5,)
    built(copy)
    assert contents(folder)["plan.npz"] != before["plan.npz"]
