"""The table of docs/RESULTS.md: attacks beside published figures and trivial baselines.

    python -m reproduction.quality runs/mnist/msr/default-.../results.json ...

keeps copies of results under reproduction/results/quality/ and rewrites the table from all of them.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any

from benchmarks.page import rewrite
from ulk_tf.errors import UserError
from ulk_tf.evaluation.wording import baseline, metric
from ulk_tf.files import read_json, write_json
from ulk_tf.settings import presets

HOME = Path(__file__).parent.parent
KEPT = HOME / "benchmarks" / "results" / "quality"
PAGE = HOME / "docs" / "RESULTS.md"
# Of each attack the metrics that a reader looks for.
SHOWN = {
    "li": ("accuracy", "top3_accuracy"),
    "ssr": ("mse", "gain_over_class_mean_of_true_label", "gain_over_shuffled"),
    "lde": ("kl", "kl_published_scale", "most_frequent_accuracy", "gain_over_prior"),
    "msr": (
        "matched_mse_centroids",
        "gain_over_shadow_clustering",
        "gain_over_matched_shadow",
        "gain_over_shuffled",
        "matched_mse_samples",
        "gain_over_shadow_clustering_samples",
    ),
}
Result = dict[str, Any]


def flags_of(result: Result) -> dict[str, Any]:
    """What a run was given beside its preset, as `presets.experiment` takes it.

    Args:
        result: a results.json.
    """
    config = result["config"]
    attack, preset, dataset = config["attack_name"], config["preset"], config["data"]["dataset"]
    plain = dataclasses.asdict(presets.experiment(attack, preset, dataset=dataset))
    flags = {"dataset": dataset} | ({} if preset == "default" else {"preset": preset})
    flags |= {} if config["seed"] == 0 else {"seed": config["seed"]}
    for part in presets.parts(attack):
        # Where files are and how many processes compute changes no figure.
        if part == "output":
            continue
        for name, value in config[part].items():
            silent = name in ("data_dir", "dataset", "workers", "executor", "ray_address")
            if not silent and value != plain[part][name]:
                flags[name] = value
    return flags


def command(result: Result) -> str:
    """How a run is started again: every flag that its preset does not set.

    Args:
        result: a results.json.
    """
    typed = "".join(f" --{name}={value}" for name, value in flags_of(result).items())
    return f"python -m trainers.{result['attack']}{typed}"


def name_of(result: Result) -> str:
    """What a result's file is called: attack, data set and what its preset does not set."""
    words = command(result).removeprefix("python -m trainers.").replace("--dataset=", "")
    return words.replace(" --", "_").replace(" ", "_").replace("=", "-") + ".json"


def keep(paths: list[Path]) -> None:
    """Copy results into the repository.

    Args:
        paths: of results.json files.
    """
    for path in paths:
        result = read_json(path)
        result["config"].pop("output", None)
        result["config"]["data"]["data_dir"] = None
        write_json(KEPT / name_of(result), result)


def table() -> str:
    """All kept results as Markdown, data set by data set, in the order of the attacks."""
    order = {dataset: place for place, dataset in enumerate(("digits", "mnist", "cifar10"))}
    results = [read_json(path) for path in sorted(KEPT.glob("*.json"))]
    if not results:
        raise UserError(f"results in {KEPT}", "none", "Name results.json files to keep.")
    results.sort(key=lambda one: (order.get(one["dataset"], 9), list(SHOWN).index(one["attack"])))
    return "\n".join(_section(result) for result in results)


def _section(result: Result) -> str:
    update = result["config"]["update"]
    skew = "independent" if update["label_skew"] is None else f"Dirichlet {update['label_skew']:g}"
    minutes = sum(result["timing"].values()) / 60
    bases = result["config"]["target"]["target_bases"]
    lines = [
        f"### {result['dataset']}, A_{result['attack'].upper()}, sets of {update['set_size']}"
        + ("" if update["set_size"] == 1 else f", {skew}"),
        "",
        f"`{command(result)}` (seed {result['config']['seed']}, {minutes:.0f} min, "
        f"{bases} target bases)",
        "",
        "| figure | attack | 95% interval | baselines | published |",
        "|---|---|---|---|---|",
    ]
    for name in SHOWN[result["attack"]]:
        if name in result["metrics"]:
            lines.append(_row(result, name))
    return "\n".join([*lines, ""])


def _row(result: Result, name: str) -> str:
    own = result["metrics"][name]
    wording = metric(name)
    show = percent if wording.share else number
    beside = [
        f"{baseline(key.partition(':')[2])[0].lower()} {show(value['mean'])}"
        for key, value in result["baselines"].items()
        if key.partition(":")[0] == name
    ]
    known = result["published"].get(name)
    published = f"{show(known['value'])} ({known['source']})" if known else ""
    interval = f"{show(own['low'])} to {show(own['high'])}"
    cells = [wording.name, f"**{show(own['mean'])}**", interval, ", ".join(beside), published]
    return f"| {' | '.join(cells)} |"


def percent(value: float) -> str:
    """A share, as it is shown."""
    return f"{100 * value:.1f}%"


def number(value: float) -> str:
    """A figure, as it is shown."""
    return f"{value:.4g}"


if __name__ == "__main__":
    keep([Path(argument) for argument in sys.argv[1:]])
    rewrite(PAGE, table())
