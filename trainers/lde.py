"""A_LDE from the command line: `python -m trainers.lde --dataset=mnist`."""

from pathlib import Path

from ulk_tf.settings import cli, presets
from ulk_tf.settings.attack_configs import LabelConfig
from ulk_tf.settings.experiment import Experiment

SUMMARY = "Estimate the label distribution of a whole updating set."


def run(experiment: Experiment) -> Path:
    """Build the corpus, train A_LDE, score, export, report.

    Returns:
        The path of results.json.
    """
    # TensorFlow takes seconds to import: a misspelt flag is answered before.
    from ulk_tf.attacks.labels import train_labels
    from ulk_tf.evaluation.label_scores import score_lde
    from ulk_tf.workflow import Study

    config = experiment.attack
    assert isinstance(config, LabelConfig)
    study = Study(experiment)
    with study.stage("training"):
        attack, fitted = train_labels("lde", config, study.corpus, experiment.seed, study.folder)
    with study.stage("scoring"):
        scores = score_lde(attack, study.corpus, experiment.seed)
    return study.finish(attack, fitted, scores)


def main() -> None:
    """Parse, run, and end standard output with the path of results.json."""
    cli.run(presets.command("lde", lambda experiment: print(run(experiment)), SUMMARY))


if __name__ == "__main__":
    main()
