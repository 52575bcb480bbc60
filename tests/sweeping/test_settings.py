"""Settings of sweeps: each is an experiment, and fits data and flags."""

import numpy as np
import pytest

from tests.corpus.settings import digits
from ulk_tf.data.splits import split
from ulk_tf.errors import UserError
from ulk_tf.settings.presets import experiment
from ulk_tf.sweeping.choice import attacks_named, refuse_swept, settings_for
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import (
    ADVERSARIES,
    DEFENCES,
    SETTINGS,
    SIZES,
    UPDATES,
    sizes_for,
)


@pytest.mark.parametrize("attack", SIZES)
@pytest.mark.parametrize("settings", [DEFENCES, ADVERSARIES, UPDATES])
def test_every_setting_is_an_experiment(attack: str, settings: tuple[Setting, ...]) -> None:
    given = {"dataset": "mnist", "base_model": "m.npz"}
    made = [
        experiment(
            attack,
            **{
                **given,
                **sizes_for(attack, given),
                **one.sized(9000).scaled(experiment(attack, **given).owner.update).flags,
            },
        )
        for one in settings_for(attack, settings, given)
    ]
    assert len(made) == len(settings_for(attack, settings))
    assert len(set(map(repr, made))) == len(made)
    for one in settings_for(attack, DEFENCES):
        naive = experiment(attack, **{"dataset": "mnist", **SIZES[attack], **one.naive})
        assert naive.adversary.defence.defence is None
        assert naive.adversary.update.privacy is None


def test_settings_follow_data_and_flags(capsys: pytest.CaptureFixture[str]) -> None:
    digits_only = {one.name for one in settings_for("li", ADVERSARIES, {})}
    told = capsys.readouterr().err
    assert "sweep: other data is left out. Expected --dataset of mnist" in told
    assert "sweep: insider is left out. Expected --base_model. Received none." in told
    given = {"dataset": "cifar10", "base_model": "m.npz"}
    of_file = {one.name: one.flags for one in settings_for("li", ADVERSARIES, given)}
    assert set(of_file) - digits_only == {"other data", "other data as probes", "insider"}
    assert of_file["other data"] == {"shadow_dataset": "svhn_cropped"}
    assert of_file["insider"]["shadow_base_model"] == "m.npz"
    made = experiment("li", **{**given, **sizes_for("li", given), **of_file["insider"]})
    assert made.counts.training_bases == 1 and made.counts.training_updates == 10_000
    both = given | {"shadow_base_model": "m.npz"}
    assert "insider" not in {one.name for one in settings_for("li", ADVERSARIES, both)}


def test_shares_of_the_adversary_s_samples() -> None:
    (tenth,) = [one for one in ADVERSARIES if one.name == "a tenth of the samples"]
    flags = tenth.sized(45_900).flags
    assert flags == {
        "shadow_samples": 4590,
        "shadow_base_size": 2295,
        "validation_samples": 918,
    }
    loaded = digits()
    plain = split(experiment("li"), len(loaded.labels))
    fewer = split(experiment("li", **tenth.sized(len(plain.shadow)).flags), len(loaded.labels))
    assert len(fewer.shadow) == len(plain.shadow) // 10
    np.testing.assert_array_equal(fewer.target, plain.target)


def test_multiples_of_the_sweep_s_own_update() -> None:
    found = {one.name: one for one in settings_for("lde", DEFENCES)}
    own = experiment("lde", dataset="mnist", update_learning_rate=0.03).owner.update
    rate = found["a third of the rate"].scaled(own)
    assert rate.flags["update_learning_rate"] == pytest.approx(0.01)
    # The naive adversary updates her shadow models at the usual rate.
    naive = experiment("lde", **rate.naive)
    assert naive.owner.update.update_learning_rate == pytest.approx(0.01)
    assert naive.adversary.update.update_learning_rate == 0.03
    assert found["three times the samples"].scaled(own).flags == {"set_size": 300}
    assert found["twice the batch"].scaled(own).flags["update_batch"] > own.set_size
    # An owner's own rate is no reason to refuse the sweep.
    refuse_swept({"update_learning_rate": 0.03}, list(found.values()))


def test_base_models_from_files_are_single_in_sweeps() -> None:
    for flags in ({"base_model": "m.npz"}, {"base_model": "m.npz", "shadow_base_model": "m.npz"}):
        made = experiment("li", **{**sizes_for("li", flags), **flags})
        assert made.counts.target_bases == 1
        assert made.counts.training_bases == (1 if "shadow_base_model" in flags else 8)
        assert made.counts.target_updates == SIZES["li"]["target_updates"]
    assert sizes_for("li", {}) == SIZES["li"]


def test_names_of_attacks() -> None:
    assert attacks_named("li, lde,li") == ["li", "lde"]
    with pytest.raises(UserError, match="separated by commas"):
        attacks_named(" ,")


@pytest.mark.parametrize("sweep_name", SETTINGS)
def test_names_of_settings_can_be_listed(sweep_name: str) -> None:
    names = [one.name for one in SETTINGS[sweep_name]]
    assert len({*names}) == len(names)
    assert not any("," in name or name != name.strip() for name in names)
