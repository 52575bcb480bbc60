"""Answers of another form than an attack was trained on: nothing is claimed, a remedy is named."""

import shutil
from dataclasses import asdict

import numpy as np
import pytest

from tests import standins
from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import interpret_both
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.audit import audit
from ulk_tf.auditing.remedy import Export
from ulk_tf.auditing.trained_form import check_form, choose_version
from ulk_tf.blackbox.recording import Recording
from ulk_tf.chance import Chance
from ulk_tf.defences import parse
from ulk_tf.files import digest
from ulk_tf.serving.export import export_attack
from ulk_tf.serving.loading import load_attack
from ulk_tf.settings import presets

RNG = np.random.default_rng(0)
BEFORE = RNG.dirichlet(np.ones(10), 100)
AFTER = BEFORE * np.exp(RNG.normal(0, 0.1, BEFORE.shape))
AFTER /= AFTER.sum(1, keepdims=True)
EXACT = {"config": asdict(presets.experiment("li"))}


def form_of(defence: str | None) -> Form:
    pair = BEFORE, AFTER
    if defence:
        chances = Chance(1, (0,)), Chance(1, (1,))
        pair = tuple(parse(defence)(one, c) for one, c in zip(pair, chances, strict=True))
    else:
        pair = tuple(one.astype(np.float32).astype(float) for one in pair)
    return Form.of(interpret_both(*pair), pair)


def test_exact_answers_fit_an_attack_that_was_trained_on_them() -> None:
    assert form_of(None).kind == "posteriors"
    assert check_form(Export("li", EXACT), form_of(None)) is None
    # Six significant digits tell small posteriors as well as large ones.
    assert check_form(Export("li", EXACT), form_of("digits:6")) is None
    # A finer answer than it was trained for is read, too.
    coarse = {"answers": {"kind": "rounded", "step": 1e-2}}
    assert check_form(Export("li", coarse), form_of(None)) is None
    assert check_form(Export("li", coarse), form_of("round:4")) is None


@pytest.mark.parametrize(
    ("defence", "words"),
    [
        ("round:6", "rounded to steps of 1e-06"),
        ("round:4", "rounded to steps of 0.0001"),
        ("round:2", "rounded to steps of 0.01"),
        ("digits:3", "posteriors of 3 significant digits"),
        ("float16", "posteriors stored as float16"),
        ("top_k:3", "the likeliest 3 classes only"),
        ("threshold:0.05", "posteriors of 0.05 and more only"),
        ("label", "labels only"),
    ],
)
def test_other_answers_do_not_and_the_command_makes_them(defence: str, words: str) -> None:
    form = form_of(defence)
    fit = check_form(Export("li", EXACT), form)
    assert fit is not None and not fit.fits
    assert words in fit.sentence and "trained on exact posteriors" in fit.sentence
    assert f"python -m ulk_tf train li --dataset=digits --defence={defence}" in fit.sentence
    trained = {"answers": form.as_json()}
    assert check_form(Export("li", trained), form) is None


def test_coarser_answers_than_those_it_was_trained_on() -> None:
    fine = {"answers": {"kind": "rounded", "step": 1e-4}}
    fit = check_form(Export("li", fine), form_of("round:2"))
    assert fit is not None and "trained on posteriors rounded to steps of 0.0001" in fit.sentence


@pytest.mark.parametrize("known", [None, 3, {}, {"kind": 7, "step": "x"}, {"step": float("nan")}])
def test_what_a_stranger_s_export_says(known: object) -> None:
    assert check_form(Export("li", {"answers": known}), form_of(None)) is None
    assert check_form(Export("li", {"answers": known}), form_of("round:3")) is not None


def exported(home, *forms, noisy=0, defences=(), seen=()):
    """Export a version for each form of answers, one with new noise; the folder of all versions."""
    for number, form in enumerate(forms, start=1):
        named = defences[number - 1] if defences else None
        defence = {"defence": f"noise:{form.noise}" if number == noisy else named}
        told = {"answers": form.as_json(), "config": {"adversary": {"defence": defence}}}
        if seen:
            told["seen"] = seen[number - 1]
        folder = export_attack(
            standins.label_attack(),
            export_dir=home,
            dataset="toy",
            probing_set=standins.PROBING_SET,
            metadata=standins.METADATA | told,
        )
    return folder.parent


def answered(form, confidence=0.8, noise_known=False):
    """Answers of such a form and mean top posterior."""
    before = np.full((4, 3), (1 - confidence) / 2)
    before[:, 0] = confidence
    return Answered(before, before[::-1], form, noise_known)


@pytest.fixture(scope="module")
def versions(tmp_path_factory, own_key):
    """An export with versions trained on exact, rounded and noisy answers; read only."""
    home = tmp_path_factory.mktemp("versions")
    return exported(home, Form(), Form("rounded", step=0.01), Form("noisy", noise=0.01), noisy=3)


@pytest.mark.parametrize(
    ("form", "version"),
    [
        # Noise that keeps sums looks exact.
        (Form(), 3),
        (Form("rounded", step=0.02), 2),
        (Form("rounded", step=0.5), 3),
        (Form("noisy", noise=0.02), 3),
        (Form("labels"), 3),
    ],
)
def test_the_version_that_was_trained_on_such_answers_is_taken(versions, form, version):
    taken, sentence = choose_version(load_attack(versions), answered(form))
    assert taken.path == versions / str(version)
    assert bool(sentence) == (version != 3)
    if sentence:
        assert f"version {version} of {versions} was taken and not version 3" in sentence
    # A version that is named is kept.
    named = load_attack(versions / "1")
    assert choose_version(named, answered(form)) == (named, "")


def test_a_version_with_another_probing_set_or_damage_is_no_candidate(versions, tmp_path):
    versions = shutil.copytree(versions, tmp_path / versions.name)
    (versions / "2" / "assets.extra" / "ulk.json").write_text("{")
    latest = load_attack(versions)
    assert choose_version(latest, answered(Form("rounded", step=0.01))) == (latest, "")
    export_attack(
        standins.label_attack(),
        export_dir=versions.parent,
        dataset="toy",
        probing_set=standins.PROBING_SET + 1,
        metadata=standins.METADATA | {"answers": Form("rounded", step=0.01).as_json()},
    )
    latest = load_attack(versions)
    assert latest.path.name == "4"
    assert choose_version(latest, answered(Form("noisy", noise=0.01))) == (latest, "")


def test_an_audit_says_which_version_it_took(versions):
    pair = [np.round(one[:6, :3], 2) for one in (BEFORE, AFTER)]
    pair = [one / one.sum(1, keepdims=True) for one in pair]
    pair = [np.round(one, 2) for one in pair]
    for one in pair:
        one[:, 0] = np.round(1 - one[:, 1:].sum(1), 2)
    answers = [Recording(one, probing_set=digest(standins.PROBING_SET)) for one in pair]
    found = audit(*answers, [load_attack(versions)])
    assert [one.attack.path.name for one in found.findings] == ["2"]
    assert any("trained on posteriors rounded to steps of 0.01" in w for w in found.warnings)


def test_exact_answers_that_have_no_noise_take_the_exact_version(versions):
    taken, sentence = choose_version(load_attack(versions), answered(Form(), noise_known=True))
    assert taken.path.name == "1" and "trained on exact posteriors" in sentence


def test_exact_answers_take_the_exact_version_where_the_latest_is_coarse(own_key, tmp_path):
    home = exported(tmp_path, Form(), Form("noisy", noise=0.01), Form("rounded", step=0.01))
    taken, sentence = choose_version(load_attack(home), answered(Form()))
    assert taken.path.name == "1" and "trained on exact posteriors" in sentence


def test_of_versions_that_read_finer_answers_the_finest_is_taken(own_key, tmp_path):
    home = exported(tmp_path, Form("rounded", step=1e-4), Form("labels"))
    taken, sentence = choose_version(load_attack(home), answered(Form()))
    assert taken.path.name == "1" and "steps of 0.0001, the finest that it reads" in sentence


SURE, UNSURE = ({"confidence": {"low": low, "high": low + 0.15}} for low in (0.8, 0.5))


@pytest.mark.parametrize(
    ("confidence", "version", "words"),
    [
        (0.9, 1, "without a defence, where classifiers are about as confident"),
        (0.78, 1, "without a defence"),
        (0.6, 2, ""),
        (0.3, 2, ""),
    ],
)
def test_of_versions_that_no_form_tells_apart_the_confidence_decides(
    own_key, tmp_path, confidence, version, words
):
    home = exported(tmp_path, Form(), Form(), defences=(None, "temperature:2"), seen=(SURE, UNSURE))
    taken, sentence = choose_version(load_attack(home), answered(Form(), confidence))
    assert taken.path.name == str(version)
    assert words in sentence and bool(words) == bool(sentence)


def test_the_latest_of_one_defence_is_kept_whatever_its_confidence(own_key, tmp_path):
    home = exported(tmp_path, Form(), Form(), seen=(SURE, UNSURE))
    latest = load_attack(home)
    assert choose_version(latest, answered(Form(), 0.9)) == (latest, "")
