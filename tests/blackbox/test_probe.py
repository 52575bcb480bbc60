"""Probing goes on where it stopped, keeps its budget, and leaves no secret behind."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.blackbox import misbehaving as bad
from tests.blackbox.probes import SAMPLES, failing_from, hasty, probe
from ulk_tf.answers.repeats import places_again
from ulk_tf.blackbox import probe as probing
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError

__all__ = ["hasty"]


def test_a_recording(tmp_path):
    out = tmp_path / "new" / "before.npz"
    with bad.Server() as server:
        recording, found = probe(server.url + "/", out, batch=30)
        assert server.predicts == 4 + 2
    np.testing.assert_allclose(found.posteriors, bad.posteriors(SAMPLES), rtol=1e-6)
    kept = Recording.load(out)
    np.testing.assert_array_equal(kept.answers, recording.answers)
    assert kept.target == server.url
    assert kept.versions == ("3",)
    np.testing.assert_array_equal(kept.again, kept.answers[places_again(100, 60)])
    assert kept.queries == 160
    assert kept.started <= kept.finished
    assert [path.name for path in out.parent.iterdir()] == ["before.npz"]


def test_a_failure_loses_nothing_and_the_next_run_goes_on(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server(failing_from(3, 4)) as server:
        with pytest.raises(UserError, match="503"):
            probe(server.url, out, batch=20)
        assert not out.exists()
        partial = Recording.load(tmp_path / "before.partial.npz")
        assert len(partial.answers) == 40
        recording, found = probe(server.url, out, batch=20)
        sent = [len(json.loads(body)["instances"]) for body in server.bodies]
    assert sum(sent) == 100 + 2 * 20 + 40  # what was sent in vain, and the first batches twice
    assert recording.queries == 180
    np.testing.assert_allclose(found.posteriors, bad.posteriors(SAMPLES), rtol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["before.npz"]


def test_a_kill_loses_at_most_one_batch(tmp_path):
    out = tmp_path / "before.npz"
    code = (
        "import sys, numpy as np\nfrom pathlib import Path\n"
        "from tests.blackbox.probes import SAMPLES, Asking, bad, probing\n"
        "probing.probe(sys.argv[1], SAMPLES, bad.CLASSES, Asking(batch=5), out=Path(sys.argv[2]))"
    )
    with bad.Server(bad.slow(0.3)) as server:
        command = [sys.executable, "-c", code, server.url, str(out)]
        child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while server.predicts < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        kept = len(Recording.load(tmp_path / "before.partial.npz").answers)
        assert kept >= 10
        server.predict = lambda _, samples: bad.posteriors(samples).tolist()
        server.bodies.clear()
        _, found = probe(server.url, out)
        assert sum(len(json.loads(body)["instances"]) for body in server.bodies) == 100 - kept + 32
    np.testing.assert_allclose(found.posteriors, bad.posteriors(SAMPLES), rtol=1e-6)


def test_the_budget_holds_over_runs(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server() as server:
        with pytest.raises(UserError, match=r"--max_queries=70, of which 70 are spent"):
            probe(server.url, out, batch=32, max_queries=70)
        assert [len(json.loads(body)["instances"]) for body in server.bodies] == [32, 32, 6]
        with pytest.raises(UserError, match="of which 70 are spent"):
            probe(server.url, out, max_queries=70)
        assert server.predicts == 3
        recording, _ = probe(server.url, out, max_queries=100)
    assert recording.queries == 100


def test_another_version_at_the_resumption_is_the_end(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server(failing_from(2)) as server:
        with pytest.raises(UserError, match="503"):
            probe(server.url, out)
        server.version = "4"
        server.predict = lambda _, samples: bad.posteriors(samples).tolist()
        with pytest.raises(UserError, match=r"version 3 .* version 4 half-way"):
            probe(server.url, out)
    assert len(Recording.load(tmp_path / "before.partial.npz").answers) == 32


def test_another_target_or_probing_set_is_not_mixed_in(tmp_path):
    out = tmp_path / "before.npz"
    with bad.Server(failing_from(2)) as server:
        with pytest.raises(UserError, match="503"):
            probe(server.url, out)
        with pytest.raises(UserError, match="go on with target"):
            probe(server.url + "/versions/3", out)
        with pytest.raises(UserError, match="go on with probing_set"):
            probing.probe(server.url, SAMPLES[::-1], bad.CLASSES, out=out)


def test_nothing_is_asked_when_out_cannot_be_written(tmp_path):
    (tmp_path / "done.npz").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")
    with bad.Server() as server:
        for out in ("done.npz", "answers.txt", "file/before.npz"):
            with pytest.raises(UserError, match="--out"):
                probe(server.url, tmp_path / out)
        with pytest.raises(UserError, match="--batch"):
            probe(server.url, tmp_path / "a.npz", batch=0)
        assert server.requests == []


def test_wrong_classes_and_late_nonsense_keep_what_was_good(tmp_path):
    cut = pytest.raises(UserError, match=r"shape \[32, 10\].*top 4 classes")
    with bad.Server() as server, cut:
        probing.probe(server.url, SAMPLES, 10, out=tmp_path / "a.npz")
    calls = itertools.count()

    def later(_, samples):
        return (bad.posteriors(samples) * (1.5 if next(calls) else 1)).tolist()

    with bad.Server(later) as server, pytest.raises(UserError, match="sum to"):
        probe(server.url, tmp_path / "b.npz")
    partial = Recording.load(tmp_path / "b.partial.npz")
    assert (len(partial.answers), partial.queries) == (32, 64)


def test_logits_are_said_and_kept_raw(tmp_path):
    with bad.Server(lambda _, s: np.log(bad.posteriors(s)).tolist()) as server:
        recording, found = probe(server.url, tmp_path / "a.npz")
    assert found.kind == "logits"
    assert recording.answers.max() < 0
    np.testing.assert_allclose(found.posteriors, bad.posteriors(SAMPLES), rtol=1e-5)


def test_the_token_is_in_no_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ULK_TF_TOKEN", "s3cret")
    with bad.Server(failing_from(3, 4)) as server:
        with pytest.raises(UserError, match="503"):
            probe(server.url, tmp_path / "a.npz")
        files = {path: path.read_bytes() for path in tmp_path.iterdir()}
        probe(server.url, tmp_path / "a.npz")
        files |= {path: path.read_bytes() for path in tmp_path.iterdir()}
        assert all("s3cret" in sent["Authorization"] for sent in server.headers)
    assert len(files) == 2
    assert not any(b"s3cret" in content for content in files.values())
    assert "s3cret" not in "".join(capsys.readouterr())
