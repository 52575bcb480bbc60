"""A_MSR from the command line: `python -m trainers.msr --dataset=mnist`."""

from pathlib import Path

from ulk_tf.settings import cli, presets
from ulk_tf.settings.attack_configs import MsrConfig
from ulk_tf.settings.experiment import Experiment

SUMMARY = "Reconstruct all samples of an updating set from two versions of a classifier."


def run(experiment: Experiment) -> Path:
    """Build the corpus, train BM-GAN, reconstruct, score, export, report.

    Returns:
        The path of results.json.
    """
    # TensorFlow takes seconds to import: a misspelt flag is answered before.
    from ulk_tf.attacks.msr import train_msr
    from ulk_tf.evaluation.msr_scores import score_msr
    from ulk_tf.workflow import Study

    config = experiment.attack
    assert isinstance(config, MsrConfig)
    study = Study(experiment)
    with study.stage("training"):
        attack, fitted = train_msr(config, study.corpus, experiment.seed, study.folder)
    with study.stage("scoring"):
        scores = score_msr(attack, study.corpus, experiment.seed)
    return study.finish(attack, fitted, scores)


def main() -> None:
    """Parse, run, and end standard output with the path of results.json."""
    cli.run(presets.command("msr", lambda experiment: print(run(experiment)), SUMMARY))


if __name__ == "__main__":
    main()
