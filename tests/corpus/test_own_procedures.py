"""Corpora of users' procedures: workers compute this process' bytes, and errors come back named."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.settings import built, contents, designs, tiny
from ulk_tf.classifiers.keras_procedure import KerasProcedure
from ulk_tf.corpus import processes
from ulk_tf.data.datasets import load
from ulk_tf.errors import UserError
from ulk_tf.preflight import preflight

HERE = "tests.classifiers.own_procedures"
SOFTMAX = f"{HERE}:Softmax"


@pytest.mark.slow
def test_workers_compute_the_bytes_of_this_process(tmp_path: Path) -> None:
    flags = {"procedure": SOFTMAX, "training_updates": 20}
    here = built(tmp_path / "here", **flags)
    built(tmp_path / "there", **flags, executor="processes", workers=1)
    assert contents(tmp_path / "here") == contents(tmp_path / "there")
    shadow = here.updates["shadow"]
    np.testing.assert_allclose(shadow.after.sum(-1), 1, atol=1e-6)
    moved = np.abs(shadow.after - shadow.before[shadow.base]).max((1, 2))
    assert (moved > 1e-4).all()
    assert here.procedures["owner"].startswith(f"{SOFTMAX}, version 1, source ")
    again = built(tmp_path / "here", **flags)
    assert "4 of 4 base models" in again.reused


def test_a_corpus_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = built(tmp_path / "whole", procedure=SOFTMAX)
    built(tmp_path / "parts", procedure=SOFTMAX, training_updates=13, target_bases=1)
    parts = built(tmp_path / "parts", procedure=SOFTMAX)
    assert "51 of 105 updates" in parts.reused
    for role, updates in whole.updates.items():
        np.testing.assert_array_equal(updates.after, parts.updates[role].after)


def test_an_error_in_an_update_names_the_method(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Late\.update to return.*RuntimeError: five \(own_"):
        built(tmp_path, procedure=f"{HERE}:Late")


def test_workers_import_their_libraries_with_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(command: object, *, env: dict[str, str], **_: object) -> None:
        raise LookupError(env["OMP_NUM_THREADS"] + env["OPENBLAS_NUM_THREADS"])

    monkeypatch.setattr(subprocess, "Popen", started)
    with pytest.raises(LookupError, match="11"):
        processes.start_worker()


def test_sides_may_differ(tmp_path: Path) -> None:
    adversary, owner = designs(tmp_path, shadow_procedure=SOFTMAX)
    assert adversary.procedure.sentence.startswith(SOFTMAX)
    assert isinstance(owner.procedure, KerasProcedure)
    assert not owner.procedure.sentence.startswith(SOFTMAX)
    assert [one.folder for one in designs(tmp_path)] == [
        *(one.folder for one in designs(tmp_path, procedure=SOFTMAX, shadow_procedure=None)[:1]),
        owner.folder,
    ]


def test_keys_hold_what_a_procedure_reads(tmp_path: Path) -> None:
    def folders(**flags: object) -> list[Path]:
        return [design.folder for design in designs(tmp_path, **flags)]

    own = folders(procedure=SOFTMAX)
    assert folders(procedure=SOFTMAX, base_epochs=7, update_learning_rate=0.5) == own
    assert folders(procedure=SOFTMAX, set_size=4) != own
    reading = folders(procedure=f"{HERE}:Reading")
    assert reading != own and folders(procedure=f"{HERE}:Reading", update_epochs=3) != reading
    assert not set(own) & set(folders())


def test_an_edited_procedure_is_not_mixed_with_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = {"procedure": SOFTMAX}
    before = [design.folder for design in designs(tmp_path, **flags)]
    monkeypatch.setattr("tests.classifiers.own_procedures.Softmax.version", "2")
    after = [design.folder for design in designs(tmp_path, **flags)]
    assert not set(before) & set(after)


def test_preflight_refuses_before_anything_is_written(tmp_path: Path) -> None:
    experiment = tiny(tmp_path / "runs", procedure=SOFTMAX, base_epochs=3)
    with pytest.raises(UserError, match=r"Received --base_epochs"):
        preflight(experiment, given={"base_epochs": 3})
    unready = tiny(tmp_path / "runs", procedure=f"{HERE}:Unready")
    with pytest.raises(UserError, match=r"OSError: no licence"):
        preflight(unready, dataset=load("digits", None, tmp_path))
    assert not (tmp_path / "runs").exists()
