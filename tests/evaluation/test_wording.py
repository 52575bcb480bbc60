"""Words of reports: the threat model of a run."""

import dataclasses

from ulk_tf.evaluation.wording import THREAT, threat
from ulk_tf.settings import presets


def test_the_threat_model_names_a_defence_and_wrong_assumptions() -> None:
    plain = dataclasses.asdict(presets.experiment("li", samples=500))
    assert threat(plain) == THREAT == threat({})
    flags = {"defence": "round:4", "shadow_defence": None, "shadow_target": "mlp"}
    other = threat(dataclasses.asdict(presets.experiment("li", **flags)))
    assert "through a defence, round:4." in other
    assert "target mlp (the owner's: auto)" in other
    assert "defence none (the owner's: round:4)" in other


def test_the_threat_model_names_how_she_asks_and_a_private_update() -> None:
    flags = {
        "n_probes": 30,
        "probe_noise": 0.05,
        "probe_copies": 4,
        "repeat": 10,
        "shadow_samples": 300,
        "dp_noise_multiplier": 1.0,
    }
    told = threat(dataclasses.asdict(presets.experiment("li", **flags)))
    for words in (
        "Her probing set has 30 samples.",
        "in 4 copies of each, by noise or a shift.",
        "She asks for each 10 times, and reads the mean.",
        "She has 300 samples.",
        "The owner updates by DP-SGD with noise multiplier 1.",
    ):
        assert words in told
    clipped = presets.experiment("li", dp_noise_multiplier=0.0)
    assert "DP-SGD with noise multiplier 0." in threat(dataclasses.asdict(clipped))
    chosen = threat(dataclasses.asdict(presets.experiment("li", probes="chosen")))
    assert "Her probes are those that tell most of her own simulated updates." in chosen
    other = threat({"probing": {"probes": "noise", "extraction_queries": 1000}})
    assert "Her probes are noise. Her shadow models learned from the target's" in other
