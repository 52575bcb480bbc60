"""Attacks are run on answers like those that they were trained on, or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from tests import standins
from tests.answers.samples import dirichlet
from ulk_tf.answers.form import EXACT, Form
from ulk_tf.answers.interpret import interpret
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.audit import audit
from ulk_tf.auditing.resolution import measure
from ulk_tf.auditing.running import run
from ulk_tf.blackbox.recording import Recording
from ulk_tf.chance import Chance
from ulk_tf.defences import parse
from ulk_tf.files import digest
from ulk_tf.serving.loading import LoadedAttack, load_attack

BEFORE = dirichlet(0, 0.4, standins.PROBES, standins.CLASSES).astype(np.float32)
AFTER = (0.9 * BEFORE + 0.1 / standins.CLASSES).astype(np.float32)


@pytest.fixture
def trained_on(label_export, tmp_path):
    """Make an export that was trained on answers of a form, with more metadata."""

    def made(form, **metadata) -> LoadedAttack:
        told = {"answers": form.as_json()} | metadata
        return load_attack(standins.exported_as(label_export, tmp_path / "toy_li", **told))

    return made


COARSE = {
    "round:1": Form("rounded", step=0.1),
    "digits:2": Form("digits", digits=2),
    "top_k:2": Form("top-k", kept=2),
    "label": Form("labels"),
}


@pytest.mark.parametrize("defence", COARSE)
def test_exact_answers_are_made_as_coarse_as_in_training(defence, trained_on):
    """Training reads defended answers by the same two functions."""
    attack = trained_on(COARSE[defence])
    moved = AFTER[:, ::-1]
    found = run(attack, Answered(BEFORE, moved))
    assert found.finding is not None and f"(--defence={defence})" in found.notes[0]
    same = [
        interpret(parse(defence)(one, Chance(7)), standins.CLASSES).posteriors
        for one in (BEFORE, moved)
    ]
    np.testing.assert_array_equal(
        found.finding.outputs["label_probabilities"], attack.run(*same)["label_probabilities"][0]
    )
    # Answers that are so coarse already stay as they are.
    assert not run(attack, Answered(*same, COARSE[defence])).notes


def test_movement_that_is_lost_to_an_attack_is_none(trained_on):
    attack = trained_on(Form("labels"))
    found = run(attack, Answered(BEFORE, AFTER))
    assert (BEFORE.argmax(1) == AFTER.argmax(1)).all()
    assert found.finding is None and not found.fit.fits
    assert "the answers did not move" in found.fit.sentence


def test_noise_is_added_to_answers_that_are_known_to_have_none(trained_on):
    config = {"adversary": {"defence": {"defence": "noise:0.01"}}}
    attack = trained_on(Form("noisy", noise=0.01), config=config)
    assert not run(attack, Answered(BEFORE, AFTER)).notes
    known = run(attack, Answered(BEFORE, AFTER, EXACT, noise_known=True))
    assert "--defence=noise:0.01" in known.notes[0]


@pytest.mark.parametrize("defence", ["sticky_noise:0.01", None])
def test_noise_that_is_the_same_each_time_is_never_known_to_be_missing(defence, trained_on):
    config = {"adversary": {"defence": {"defence": defence}}}
    attack = trained_on(Form("noisy", noise=0.01), config=config)
    assert not run(attack, Answered(BEFORE, AFTER, EXACT, noise_known=True)).notes


@pytest.mark.parametrize("form", [EXACT, Form("top-k", kept=1), Form("noisy", noise=0.01)])
def test_sorted_answers_are_read_by_nobody(form, trained_on):
    attack = trained_on(form)
    rows = np.sort(dirichlet(3, 1.0, 40, 6), axis=1)
    found = run(attack, Answered(rows, rows * 0.99))
    assert found.finding is None and "in order of size" in found.fit.sentence


def test_few_classes_may_be_in_order_by_chance(trained_on):
    rows = np.random.default_rng(0).dirichlet([60, 25, 10], standins.PROBES)
    attack = trained_on(EXACT)
    assert run(attack, Answered(rows, rows[::-1])).finding is not None


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "top-k", "kept": 0},
        {"kind": "digits", "digits": 1},
        {"kind": "noisy", "noise": 50},
        {"kind": "labels", "noise": 99},
    ],
)
def test_forms_that_nobody_can_make_end_no_audit(told, trained_on):
    config = {"adversary": {"defence": {"defence": "noise:1"}}}
    attack = trained_on(EXACT, answers=told, config=config)
    found = run(attack, Answered(BEFORE, AFTER, EXACT, noise_known=True))
    assert found.finding is None
    assert "names no form of answers that can be made" in found.fit.sentence


def test_a_step_of_hundreds_of_digits_is_none(trained_on):
    attack = trained_on(EXACT, answers={"kind": "rounded", "step": 10**400})
    assert run(attack, Answered(BEFORE, AFTER)).finding is not None


def recorded(answers, version="1", **more) -> Recording:
    more = {"probing_set": digest(standins.PROBING_SET), "versions": (version,)} | more
    return Recording(np.asarray(answers, np.float64), **more)


@pytest.mark.parametrize("noise", [0.02, None])
def test_below_the_noise_only_an_attack_that_was_trained_for_it_claims(noise, trained_on):
    random = np.random.default_rng(0)

    def told(exact):
        return parse("noise:0.02")(exact, Chance(int(random.integers(99)), (1,)))

    pair = [recorded(told(BEFORE), again=told(BEFORE)) for _ in range(2)]
    form = EXACT if noise is None else Form("noisy", noise=noise)
    found = audit(*pair, [trained_on(form)])
    assert not found.resolution.exceeded and found.resolution.noise > 0.01
    assert found.verdict.startswith("This audit found nothing above the answers' own resolution")
    assert len(found.findings) == (noise is not None)
    if noise is None:
        assert "that nothing leaks is not shown" in found.verdict
        assert "--defence=noise:" in " ".join(found.warnings)
    else:
        assert "trained on such noise" in found.verdict


@pytest.mark.parametrize("sure", [40.0, 200.0])  # posteriors next to 0 and 1, or exactly there
def test_logits_of_a_saturated_classifier_are_no_proof(sure, trained_on):
    logits = sure * np.eye(standins.CLASSES)[np.arange(standins.PROBES) % standins.CLASSES]
    logits += np.random.default_rng(0).normal(0, 1, logits.shape)
    found = audit(
        recorded(logits),
        recorded(logits + 0.4 * np.eye(standins.CLASSES)[0], "2"),
        [trained_on(EXACT)],
    )
    assert (
        found.verdict.startswith("This audit is undecided")
        and "moved by up to 0.2" in found.verdict
    )
    assert not found.findings
    still = audit(recorded(logits), recorded(logits + 3, "2"), [trained_on(EXACT)])
    assert "undecided" not in still.verdict


@pytest.mark.parametrize(("moved", "undecided"), [(0.1, True), (1e-5, False)])
def test_exact_posteriors_next_to_0_and_1_are_no_proof_either(moved, undecided, trained_on):
    """Float32 tells a posterior of 1e-10 to seven digits, but no change of one next to 1."""
    random = np.random.default_rng(0)
    shape = (standins.PROBES, standins.CLASSES)
    logits = 24.0 * np.eye(standins.CLASSES)[np.arange(standins.PROBES) % standins.CLASSES]
    logits += random.normal(0, 1, shape)
    pair = [
        softmax(one, axis=1).astype(np.float32).astype(float)
        for one in (logits, logits + random.normal(0, moved, shape))
    ]
    found = audit(recorded(pair[0]), recorded(pair[1], "2"), [trained_on(EXACT)])
    assert not found.findings and not found.resolution.exceeded
    assert found.verdict.startswith("This audit is undecided") == undecided
    assert found.state == ("undecided" if undecided else "below resolution")


@pytest.mark.parametrize("moved", [False, True])
def test_what_two_forms_of_answers_may_hide_is_undecided(moved, trained_on):
    after = np.round(BEFORE.astype(float), 2)
    if moved:
        after = np.round(AFTER.astype(float), 2)
    found = audit(recorded(BEFORE), recorded(after, "2"), [trained_on(EXACT)])
    assert found.state == ("unfit" if moved else "undecided")
    assert ("let both versions answer in one form" in found.verdict) == (not moved)
    alike = audit(recorded(after), recorded(after, "2"), [trained_on(EXACT)])
    assert alike.state == "still"


def test_another_form_that_moves_much_is_not_said_to_lie_below_the_resolution(trained_on):
    labels = np.eye(standins.CLASSES)[AFTER.argmax(axis=1)]
    found = audit(recorded(BEFORE), recorded(labels, "2"), [trained_on(EXACT)])
    assert found.state == "undecided" and not found.findings
    assert "let both versions answer in one form" in found.verdict
    assert not any("resolution (moved" in one for one in found.warnings)


def test_a_masked_class_hides_no_movement_and_repeats_explain_it(trained_on):
    random = np.random.default_rng(0)
    logits = random.normal(0, 1, (standins.PROBES, 5))
    logits[:, 0], logits[:, 4] = 25, -60
    values = [softmax(one, axis=1) for one in (logits, logits + random.normal(0, 1, logits.shape))]
    found = measure(*map(interpret, values))
    assert not found.exceeded and found.logits > 1
    # Two answers to one sample that lie as far apart tell the same of no update.
    told = [replace(interpret(one), spread=1e-6) for one in values]
    assert measure(*told).logits == 0


def test_what_an_export_doubts_of_itself_is_said(trained_on):
    doubts = ["The base models had not learned anything."]
    found = audit(recorded(BEFORE), recorded(AFTER), [trained_on(EXACT, doubts=doubts)])
    assert "Take this answer for a guess: The base models had not" in " ".join(found.sentences)
    weak = {"score_by_tenth": {"values": [0.1] * 10, "chance": 0.2}}
    found = audit(recorded(BEFORE), recorded(AFTER), [trained_on(EXACT, seen=weak)])
    assert "it is too weak" in " ".join(found.sentences)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"version": "3"}, {"version": "2"}, "version 3 is before version 2"),
        (
            {"started": "2024-05-02T00:00:00", "finished": "2024-05-02T00:00:01"},
            {"started": "2024-05-01T00:00:00", "finished": "2024-05-01T00:00:01"},
            "it was asked later",
        ),
    ],
)
def test_swapped_versions_are_said(before, after, words, trained_on):
    attack = trained_on(EXACT)
    swapped = audit(recorded(BEFORE, **before), recorded(AFTER, **after), [attack])
    assert any("look swapped" in one and words in one for one in swapped.warnings)
    right = audit(recorded(BEFORE, **after), recorded(AFTER, **before), [attack])
    assert not any("look swapped" in one for one in right.warnings)


def test_answers_of_one_version_in_both_recordings_are_said(trained_on):
    attack = trained_on(EXACT)
    mixed = np.where(np.arange(standins.PROBES)[:, None] < 3, BEFORE, AFTER)
    found = audit(recorded(BEFORE), recorded(mixed, "2"), [attack])
    assert any("3 of 6 probes are answered exactly the same" in one for one in found.warnings)
    found = audit(recorded(BEFORE), recorded(AFTER, "2"), [attack])
    assert not any("exactly the same and" in one for one in found.warnings)
