"""All four attacks, and one table: `python -m trainers.all --dataset=mnist`."""

from typing import Any

from trainers import lde, li, msr, ssr
from ulk_tf.files import read_json
from ulk_tf.settings import cli, presets

SUMMARY = "Run the four attacks on one data set and print one table."
TRAINERS = {"li": li.run, "ssr": ssr.run, "lde": lde.run, "msr": msr.run}
HEADLINES = {
    "li": "accuracy",
    "ssr": "mse",
    "lde": "kl",
    "msr": "matched_mse_centroids",
}


def main() -> None:
    """Parse, run the four, print the table; the last line is the path of the last results."""
    cli.run(presets.shared_command(run, SUMMARY))


def run(**flags: Any) -> None:
    """Run the four trainers with the flags that all of them know.

    Args:
        **flags: as `presets.experiment` takes them.
    """
    # Everything is checked before the first attack takes its minutes.
    experiments = {name: presets.experiment(name, **flags) for name in presets.ATTACKS}
    paths = {name: TRAINERS[name](experiment) for name, experiment in experiments.items()}
    print(f"\n{'attack':8}{'metric':26}{'attack':>10}   95% interval          baselines")
    for name, path in paths.items():
        results = read_json(path)
        metric = HEADLINES[name]
        own = results["metrics"][metric]
        interval = f"[{own['low']:.5f}, {own['high']:.5f}]"
        others = ", ".join(
            f"{key.partition(':')[2]} {value['mean']:.5f}"
            for key, value in results["baselines"].items()
            if key.startswith(f"{metric}:")
        )
        print(f"{name:8}{metric:26}{own['mean']:10.5f}   {interval:22}{others}")
    for path in paths.values():
        print(path)


if __name__ == "__main__":
    main()
