"""The audit: what it says, what it leaves behind, and what it refuses to mix."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.image import imread

from tests import standins
from tests.blackbox import misbehaving as bad
from tests.standins import run
from ulk_tf.auditing import audit as auditing
from ulk_tf.auditing import pictures
from ulk_tf.auditing.finding import Finding
from ulk_tf.auditing.report import write_audit
from ulk_tf.auditing.words import tell
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError
from ulk_tf.evaluation.movement import movement_of
from ulk_tf.files import digest, load_npz
from ulk_tf.serving.loading import load_attack
from ulk_tf.serving.warmup import example_posteriors

BEFORE, AFTER = (
    pair[0].astype(np.float64)
    for pair in example_posteriors((1, standins.PROBES, standins.CLASSES), 2)
)
PROBED = digest(standins.PROBING_SET)


@pytest.fixture
def recorded(tmp_path):
    def record(name, answers, **told):
        known = {"target": "http://h/v1/models/m", "probing_set": PROBED, "queries": 6}
        path = tmp_path / f"{name}.npz"
        Recording(answers, **{**known, "versions": (name,), **told}).save(path)
        return str(path)

    return record


@pytest.fixture
def pair(recorded):
    return recorded("1", BEFORE), recorded("2", AFTER)


def test_report_of_all_four_attacks(exports, pair, tmp_path, capsys):
    out = tmp_path / "report"
    code = run(
        "audit",
        f"--before={pair[0]}",
        f"--after={pair[1]}",
        f"--attack={','.join(map(str, exports.values()))}",
        f"--out={out}",
    )
    assert code == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out / "audit.html")
    told = json.loads((out / "audit.json").read_text())
    assert [one.partition(":")[0] for one in told["warnings"]] == ["Before", "After"]
    assert all("no sample was asked twice" in one for one in told["warnings"])
    assert told["before"]["versions"] == ["1"]
    assert told["after"]["versions"] == ["2"]
    assert told["before"]["queries"] == 6
    found = {attack["attack"]: attack["result"] for attack in told["attacks"]}
    assert set(found) == {"li", "lde", "ssr", "msr"}
    pair32 = BEFORE.astype(np.float32), AFTER.astype(np.float32)
    wanted = load_attack(exports["li"]).run(*pair32)["label_probabilities"][0]
    assert found["li"]["label"] == ["ant", "bee", "cat"][wanted.argmax()]
    assert found["li"]["probabilities"][found["li"]["label"]] == pytest.approx(wanted.max())
    assert sum(found["lde"]["distribution"].values()) == pytest.approx(1)
    arrays = load_npz(out / "answers.npz")
    np.testing.assert_allclose(
        arrays["ssr_sample"], load_attack(exports["ssr"]).run(*pair32)["sample"][0]
    )
    assert arrays["msr_samples"].shape == (2, 4, 4, 1)
    for name in ("moved", "li", "lde", "ssr", "msr"):
        assert (out / told["figures"][name]).read_bytes().startswith(b"\x89PNG")
    page = (out / "audit.html").read_text()
    for piece in ("ant", "http://h/v1/models/m", "0.5000", "6 probes changed", "data:image/png"):
        assert piece in page
    assert page.count("<img") == 5


def test_movement():
    before = np.array([[1, 0], [0.5, 0.5], [0.4, 0.6]], np.float32)
    after = np.array([[0, 1], [0.5, 0.5], [0.5, 0.5]], np.float32)
    moved = movement_of(before, after)
    assert moved["total_variation_max"] == 1
    assert moved["total_variation_mean"] == pytest.approx(1.1 / 3, rel=1e-6)
    assert moved["total_variation_median"] == pytest.approx(0.1, rel=1e-6)
    assert (moved["labels_changed"], moved["probes"]) == (2, 3)


def test_where_nothing_moved_no_attack_is_run(exports, recorded, tmp_path):
    same = recorded("1", BEFORE)
    result = auditing.audit(same, same, [load_attack(exports["li"])])
    assert result.findings == ()
    assert "exactly the same" in result.warnings[0]
    told = json.loads((write_audit(tmp_path, result).parent / "audit.json").read_text())
    assert told["attacks"] == []


@pytest.mark.parametrize(
    ("told", "changed", "warning"),
    [
        ({}, AFTER.round(2), "rounds its answers to 2 decimals"),
        ({}, np.log(AFTER), "answers logits"),
        ({"versions": ()}, AFTER, "the version that answered is not known"),
        ({"probing_set": ""}, AFTER, "does not say to which probing set"),
        ({"versions": ("1",)}, AFTER, "answer by chance"),
    ],
)
def test_what_a_reader_has_to_know_first(told, changed, warning, exports, recorded, tmp_path):
    before, after = recorded("1", BEFORE), recorded("2", changed, **told)
    result = auditing.audit(before, after, [load_attack(exports["li"])])
    assert warning in " ".join(result.warnings)
    assert warning in write_audit(tmp_path, result).read_text()


@pytest.mark.parametrize(
    ("told", "answers", "message"),
    [
        ({"probing_set": "other"}, AFTER, "answers to another one"),
        ({}, AFTER[:-1], "answers to all 6 samples"),
        ({}, np.eye(6)[:, :2], r"shape \[6, 3\]"),
        ({}, AFTER * 2, "sum to 1"),
    ],
)
def test_answers_that_do_not_fit(told, answers, message, exports, recorded, pair):
    with pytest.raises(UserError, match=message):
        auditing.audit(pair[0], recorded("3", answers, **told), [load_attack(exports["li"])])


def test_attacks_of_different_probing_sets(exports, pair, tmp_path):
    other = standins.export_attack(
        standins.label_attack(),
        export_dir=tmp_path,
        dataset="other",
        probing_set=standins.PROBING_SET[::-1],
        metadata={},
    )
    with pytest.raises(UserError, match="one probing set"):
        auditing.audit(*pair, [load_attack(exports["li"]), load_attack(other)])


def test_two_attacks_of_one_name(exports, pair):
    attack = load_attack(exports["li"])
    with pytest.raises(UserError, match="several named li"):
        auditing.audit(*pair, [attack, load_attack(exports["lde"]), attack])


def test_names_from_elsewhere_cannot_become_markup(exports, recorded, tmp_path):
    evil = "<script>alert(1)</script>"
    pair = recorded("1", BEFORE, target=evil), recorded("2", AFTER, versions=(evil,))
    page = write_audit(tmp_path, auditing.audit(*pair, [load_attack(exports["li"])])).read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def served(samples, shift=0.0):
    flat = np.asarray(samples, np.float64).reshape(len(samples), -1)
    logits = np.stack([flat.mean(1), flat[:, 0], flat[:, -1] + shift], 1) / 40
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


def test_two_phases_over_http_and_both_at_once(exports, tmp_path, capsys):
    """Probe, update, probe, audit; and the same without recordings."""
    attack = f"--attack={exports['li'].parent}"
    with bad.Server(lambda _, s: served(s).tolist()) as server:
        url = f"--target={server.url}"
        assert run("probe", url, attack, f"--out={tmp_path / 'before.npz'}") == 0
        assert "version: 3; queries: 12" in capsys.readouterr().out
        server.version = "4"
        server.predict = lambda _, s: served(s, 3.0).tolist()
        assert run("probe", url, attack, f"--out={tmp_path / 'after.npz'}", "--batch=4") == 0
        two = [f"--before={tmp_path / 'before.npz'}", f"--after={tmp_path / 'after.npz'}"]
        assert run("audit", *two, attack, f"--out={tmp_path / 'two'}") == 0
        live = [f"--before={__name__}:served", f"--after={server.url}/versions/4"]
        assert run("audit", *live, attack, f"--out={tmp_path / 'live'}") == 0
    told = [json.loads((tmp_path / name / "audit.json").read_text()) for name in ("two", "live")]
    assert told[0]["before"]["versions"] == ["3"]
    assert told[0]["after"]["versions"] == ["4"]
    assert told[0]["movement"] == pytest.approx(told[1]["movement"])
    assert told[0]["movement"]["total_variation_max"] > 0
    assert told[0]["attacks"][0]["result"] == told[1]["attacks"][0]["result"]


ESTIMATE = {"low": 0.1, "high": 0.9, "n": 20}


@pytest.mark.parametrize(
    ("metrics", "baselines", "words", "other_words"),
    [
        ({"accuracy": 0.9}, {"accuracy:shuffled": 0.1}, "Accuracy 0.9", "a guess"),
        ({"accuracy": 0.1}, {"accuracy:shuffled": 0.1}, "no better than shuffled", "not told"),
        ({"mse": 0.3}, {"mse:mean_sample": 0.2}, "no better than mean sample", "not told"),
        ({"mse": 0.1}, {"mse:mean_sample": 0.2}, "Mean squared error 0.1", "a guess"),
        # Knowing the label is more than nothing: not to beat it is no reason to distrust.
        (
            {"mse": 0.1},
            {"mse:mean_sample": 0.2, "mse:class_mean_of_true_label": 0.05},
            "0.05",
            "a guess",
        ),
        (
            {"mse": 0.1},
            {"mse:class_mean_of_true_label": 0.05},
            "compared with no guess",
            "not told",
        ),
        ({"accuracy": "high", "mse": float("nan")}, {}, "is not told", "On targets"),
    ],
)
def test_an_attack_that_reads_nothing_is_called_a_guess(metrics, baselines, words, other_words):
    told = {
        group: {name: {"mean": mean, **ESTIMATE} for name, mean in values.items()}
        for group, values in (("metrics", metrics), ("baselines", baselines))
    }
    attack = SimpleNamespace(name="li", metadata=told, class_names=["a", "b"], path="x")
    found = tell(Finding(attack, {"label_probabilities": np.array([0.2, 0.8])}))
    assert words in found.caution
    assert other_words not in found.caution


def test_an_output_that_nobody_knows_is_told_by_its_numbers(label_export, tmp_path):
    values = np.array([0.25, 1e-7, 3, -2, 5, 6, 7])
    found = tell(Finding(load_attack(label_export), {"entropy": values}))
    assert found.sentence == (
        "Entropy, as the attack li answers: 0.25, 1e-07, 3, -2, 5 and 2 more."
    )
    assert found.result["values"] == pytest.approx(list(values[:5]))
    found.draw(tmp_path / "picture.png")
    assert imread(tmp_path / "picture.png").shape[2] in (3, 4)
    with pytest.raises(UserError, match="an output entropy"):
        tell(Finding(load_attack(label_export), {"entropy": np.zeros(0)}))


@pytest.mark.parametrize("count", [3, 1000])
def test_pictures_of_few_and_of_many_classes(count, tmp_path):
    names = [f"class {number} of a long $name$" for number in range(count)]
    pictures.bars(tmp_path / "b.png", names, np.linspace(0, 1, count), "share")
    assert imread(tmp_path / "b.png").shape[0] < 1000


@pytest.mark.parametrize("shape", [(1, 8, 8, 1), (120, 28, 28, 3), (1, 40), (200, 40)])
def test_pictures_of_samples(shape, tmp_path):
    samples = np.random.default_rng(0).random(shape)
    pictures.tiles(tmp_path / "t.png", samples)
    assert imread(tmp_path / "t.png").shape[1] < 900
