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
