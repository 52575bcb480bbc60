"""A_LI from the command line: `python -m trainers.li --dataset=mnist`."""

from pathlib import Path

from ulk_tf.settings import cli, presets
from ulk_tf.settings.attack_configs import LabelConfig
from ulk_tf.settings.experiment import Experiment

SUMMARY = "Infer the label of the single sample that a classifier was updated with."


def run(experiment: Experiment) -> Path:
    """Build the corpus, train A_LI, score, export, report.

    Returns:
        The path of results.json.
    """
    # TensorFlow takes seconds to import: a misspelt flag is answered before.
    from ulk_tf.attacks.labels import train_labels
    from ulk_tf.evaluation.label_scores import score_li
    from ulk_tf.workflow import Study

    config = experiment.attack
    assert isinstance(config, LabelConfig)
    study = Study(experiment)
    with study.stage("training"):
        attack, fitted = train_labels("li", config, study.corpus, experiment.seed, study.folder)
    with study.stage("scoring"):
        scores = score_li(attack, study.corpus)
    return study.finish(attack, fitted, scores)


def main() -> None:
    """Parse, run, and end standard output with the path of results.json."""
    cli.run(presets.command("li", lambda experiment: print(run(experiment)), SUMMARY))


if __name__ == "__main__":
    main()
