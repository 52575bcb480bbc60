"""A_SSR from the command line: `python -m trainers.ssr --dataset=mnist`."""

from pathlib import Path

from ulk_tf.settings import cli, presets
from ulk_tf.settings.attack_configs import SsrConfig
from ulk_tf.settings.experiment import Experiment

SUMMARY = "Reconstruct the single sample that a classifier was updated with."


def run(experiment: Experiment) -> Path:
    """Build the corpus, train A_SSR (and A_LI, which a baseline needs), score, export, report.

    Returns:
        The path of results.json.
    """
    # TensorFlow takes seconds to import: a misspelt flag is answered before.
    from ulk_tf.attacks.labels import train_labels
    from ulk_tf.attacks.ssr import train_ssr
    from ulk_tf.evaluation.ssr_scores import score_ssr
    from ulk_tf.workflow import Study

    config = experiment.attack
    assert isinstance(config, SsrConfig)
    study = Study(experiment)
    with study.stage("training"):
        trained = train_ssr(config, study.corpus, experiment.seed, study.folder)
    with study.stage("label inference for a baseline"):
        labels, _ = train_labels("li", config, study.corpus, experiment.seed, study.folder)
    with study.stage("scoring"):
        scores = score_ssr(trained, labels, study.corpus, experiment.seed)
    return study.finish(trained.attack, trained.fitted, scores)


def main() -> None:
    """Parse, run, and end standard output with the path of results.json."""
    cli.run(presets.command("ssr", lambda experiment: print(run(experiment)), SUMMARY))


if __name__ == "__main__":
    main()
