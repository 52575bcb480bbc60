"""How a target is asked: flags, scales, and what recordings remember."""

from dataclasses import fields

import numpy as np
import pytest

from tests.blackbox import misbehaving as bad
from tests.standins import run
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.open import open_target
from ulk_tf.blackbox.probe import probe
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError
from ulk_tf.files import digest

BYTES = np.random.default_rng(0).integers(0, 256, (20, 3, 3, 1)).astype(np.uint8)


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        ("stored", BYTES),
        ("unit", BYTES / np.float32(255)),
        ("signed", BYTES / np.float32(127.5) - 1),
        ("0.0625", BYTES / np.float32(16)),
        ("1/16", BYTES / np.float32(16)),
        ("2", BYTES * np.float32(2)),
        (".5", BYTES / np.float32(2)),
        ("1e-2", BYTES / np.float32(100)),
    ],
)
def test_scales(scale, wanted):
    found = Asking(scale=scale).scaled(BYTES)
    assert found.dtype == (np.uint8 if scale == "stored" else np.float32)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("scale", ["255x", "-1", "0", "1/0", "1/0.0", "inf", "half", "1e999"])
def test_no_scale(scale):
    with pytest.raises(UserError, match="--scale to be one of stored, unit, signed"):
        Asking(scale=scale)


def test_vectors_have_no_unit():
    with pytest.raises(UserError, match=r"--scale=unit.*Give a factor"):
        Asking(scale="unit").scaled(np.ones((3, 4), np.float32))


@pytest.mark.parametrize("command", ["probe", "audit"])
def test_both_commands_show_and_check_the_same_flags(command, capsys):
    assert run(command, "--help") == 0
    shown = capsys.readouterr().out
    for name in (item.name for item in fields(Asking)):
        assert f"--{name}=" in shown
    assert "1/16" in shown
    assert "tf-serving, open-inference, mlflow, template" in " ".join(shown.split())
    assert "/v2/models/m" in shown
    needed = {"probe": ["--target=x", "--out=y.npz"], "audit": ["--before=a", "--after=b"]}
    assert run(command, *needed[command], "--attack=z", "--scale=half") == 2
    assert "--scale to be one of" in capsys.readouterr().err
    assert run(command, *needed[command], "--attack=z", "--repeat=0") == 2
    assert "--repeat to be at least 1" in capsys.readouterr().err


def test_samples_are_sent_as_asked_and_the_recording_says_so(tmp_path):
    seen = []

    def target(samples):
        seen.append(samples)
        return bad.posteriors(samples)

    open_target(target, Asking(scale="unit")).posteriors(BYTES)
    np.testing.assert_array_equal(seen[0], Asking(scale="unit").scaled(BYTES))
    with bad.Server() as server:
        recording, _ = probe(server.url, BYTES, 4, Asking(scale="1/16"), out=tmp_path / "a.npz")
    assert Recording.load(tmp_path / "a.npz").asked["scale"] == "1/16"
    np.testing.assert_allclose(recording.answers, bad.posteriors(BYTES / 16), rtol=1e-6)


def test_another_scale_is_not_mixed_into_a_recording(tmp_path):
    with bad.Server(bad.failing(503, 99)) as server:
        partial = Recording(
            bad.posteriors(BYTES[:5]),
            target=server.url,
            probing_set=digest(BYTES),
            asked=Asking().as_told(),
        )
        partial.save(tmp_path / "a.partial.npz")
        with pytest.raises(UserError, match=r"go on with --scale unit.*it with stored"):
            probe(server.url, BYTES, 4, Asking(scale="unit"), out=tmp_path / "a.npz")


def test_repeats_are_asked_counted_and_kept(tmp_path):
    random = np.random.default_rng(0)

    def noisy(_, samples):
        exact = bad.posteriors(samples)
        return (exact + random.normal(0, 0.01, exact.shape)).tolist()

    out = tmp_path / "a.npz"
    with bad.Server(noisy) as server:
        recording, found = probe(server.url, BYTES, 4, Asking(repeat=5, batch=8), out=out)
        assert server.predicts == 15
    assert recording.queries == 100
    loaded = Recording.load(out)
    assert loaded.repeated.shape == (5, 20, 4)
    np.testing.assert_array_equal(loaded.answers, loaded.repeated.mean(axis=0))
    assert found.spread > 0.005
    np.testing.assert_allclose(found.posteriors, bad.posteriors(BYTES), atol=0.03)


def test_a_budget_counts_repeats(tmp_path):
    with bad.Server() as server:
        with pytest.raises(UserError, match="--max_queries=50"):
            probe(server.url, BYTES, 4, Asking(repeat=3, max_queries=50), out=tmp_path / "a.npz")
        kept = Recording.load(tmp_path / "a.partial.npz")
        assert (len(kept.answers), kept.queries) == (16, 48)
