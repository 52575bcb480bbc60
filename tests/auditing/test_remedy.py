"""Commands that an audit names train what they say: the parser takes them, on the same data."""

import dataclasses
import shlex

import pytest

from ulk_tf.auditing.remedy import Export
from ulk_tf.settings import presets


def exported(attack="li", **flags):
    return {"config": dataclasses.asdict(presets.experiment(attack, **flags))}


def experiment_of(command):
    """The experiment that a command describes."""
    _, _, _, train, attack, *typed = shlex.split(command)
    assert train == "train"
    flags = dict(one.removeprefix("--").split("=", 1) for one in typed)
    return presets.experiment(attack, **{n: _value(v) for n, v in flags.items()})


def _value(text):
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"old_samples": 63},
        {"trained_layers": 1},
        {"dp_noise_multiplier": 1.0},
        {"updates_between": 2},
        {"update_method": "unlearning_by_fine_tuning", "old_samples": 64},
        {"update_method": "retraining", "shadow_update_method": "fine_tuning"},
    ],
)
def test_the_command_for_retraining_trains_on_it(flags):
    command = Export("li", exported(dataset="mnist", **flags)).command(update_method="retraining")
    found = experiment_of(command)
    for party in (found.owner, found.adversary):
        assert party.update.update_method == "retraining"
        assert party.data.dataset == "mnist"


def test_a_command_for_other_answers_changes_nothing_else():
    known = exported(dataset="mnist", old_samples=63, defence="round:2", repeat=1)
    found = experiment_of(Export("li", known).command(defence="round:4"))
    assert found.adversary.defence.defence == found.owner.defence.defence == "round:4"
    assert found.adversary.update.old_samples == 63


def test_flags_that_do_not_go_together_make_no_command():
    assert Export("li", exported()).command(update_method="forgetting") == ""
    assert Export("li", {"config": {"anything": 1}}).command(defence="label") == ""


def test_words_with_spaces_are_one_word_of_a_shell():
    known = exported()
    for side in ("owner", "adversary"):
        known["config"][side]["data"]["dataset"] = "my data/a b.npz"
    assert "--dataset='my data/a b.npz'" in Export("li", known).command()


def test_the_folder_of_exports_is_kept(tmp_path, monkeypatch):
    folder = tmp_path / "exports" / "digits_li" / "3"
    folder.mkdir(parents=True)
    wanted = f"--export_dir={tmp_path / 'exports'}"
    assert wanted in Export("li", exported(), folder).command()
    # A version that is named by a relative path.
    monkeypatch.chdir(folder.parent)
    assert wanted in Export("li", exported(), folder.relative_to(folder.parent)).command()
    # A version that was copied out of its folder tells nothing of one.
    assert "export_dir" not in Export("li", exported(), tmp_path / "3").command()
    monkeypatch.chdir(tmp_path)
    usual = tmp_path / "exported" / "digits_li" / "1"
    assert "export_dir" not in Export("li", exported(), usual).command()
