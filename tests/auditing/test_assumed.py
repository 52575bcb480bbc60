"""An audit says what attacks assume of an update, since answers do not show it."""

import dataclasses

import pytest

from ulk_tf.auditing.assumed import Assumed, assumed, at_odds
from ulk_tf.settings import presets


def exported(attack="msr", **flags):
    return {"config": dataclasses.asdict(presets.experiment(attack, **flags))}


def test_sizes_and_kinds_of_updates_are_read_from_an_export():
    assert assumed(exported("li")).sized == "updates of 1 sample"
    assert assumed(exported("msr", set_size=10)).sized == "updates of 10 samples"
    several = exported("lde", set_size=100, set_sizes="10,50,100")
    assert assumed(several).sized == "updates of 10, 50 or 100 samples"
    removed = assumed(exported("li", update_method="unlearning_by_ascent"))
    assert removed.if_one_sample == "If the model was made to forget one sample"
    assert "What attacks infer is what was removed." in removed.sentence
    assert "answers do not show the size" in removed.sentence
    assert "64 old samples" in assumed(exported("msr", old_samples=64)).sentence


def test_how_classifiers_were_updated_is_said_as_the_run_said_it():
    plain, private = "An update uses SGD.", "An update uses SGD. It is DP-SGD: ..."
    told = exported("msr", old_samples=64)
    words = "An update mixes 64 old samples into its updating set."
    told["procedures"] = {"adversary": f"{words} {private}", "owner": plain}
    found = assumed(told)
    assert found.procedure == private and found.sentence.count(words) == 1
    assert found.sentence.endswith(private)
    # Attacks that were trained for other updates are at odds.
    pair = {
        name: exported(name, set_size=10, **flags) | {"procedures": {"adversary": how}}
        for name, how, flags in (("lde", plain, {}), ("msr", private, {"dp_noise_multiplier": 1.0}))
    }
    assert "It is DP-SGD" in at_odds(pair)[0]
    # The sentences of another version of a library, or of another base training, are no update.
    same = {name: exported(name, set_size=10) for name in pair}
    assert (
        at_odds(
            {name: one | {"procedures": pair[name]["procedures"]} for name, one in same.items()}
        )
        == []
    )
    pair["lde"]["procedures"] = {}
    assert at_odds(pair) == []
    assert assumed(exported("li") | {"procedures": {"adversary": 3}}).procedure == ""


def test_it_is_what_the_adversary_assumes_and_not_what_the_owner_does():
    assert assumed(exported("lde", set_size=100, shadow_set_size=50)).sizes == (50,)


@pytest.mark.parametrize(
    "config", [None, 3, {}, {"adversary": 1}, {"adversary": {"update": {"set_size": "x"}}}]
)
def test_a_stranger_s_export_tells_nothing(config):
    assert assumed({"config": config}) == Assumed()
    assert assumed({"config": config}).sentence == ""


def test_attacks_that_assume_different_updates_are_at_odds():
    (said,) = at_odds({"li": exported("li"), "msr": exported("msr", set_size=10)})
    assert "(A_LI): updates of 1 sample; Multi" in said
    assert "Only those that assume what this update was can be right." in said
    assert at_odds({"li": exported("li"), "ssr": exported("ssr")}) == []
    assert at_odds({"li": exported("li")}) == []
    assert at_odds({"li": {}, "msr": exported("msr")}) == []
    # A set of 100 is one of a mixture's sizes.
    several = exported("lde", set_size=100, set_sizes="10,50,100")
    assert at_odds({"lde": several, "msr": exported("msr", set_size=100)}) == []
    removed = exported("ssr", update_method="unlearning_by_ascent")
    (said,) = at_odds({"li": exported("li"), "ssr": removed})
    assert "An update removes its updating set" in said
