"""How much of a set's labels an observer learns who sees more than any posterior shows.

    python -m benchmarks.white_box --dataset=mnist

The observer owns the very base model, learns from thousands of updating sets of it, and is handed
the exact gradient that a set of samples sends to the last layer's weights, dropout active. An
attack has posteriors of a model it has never seen. It is a yardstick, not a limit: the gradients
of earlier layers say more, and a better learner may read more from these.
"""

from pathlib import Path

from ulk_tf import cli, presets
from ulk_tf.files import read_json, write_json
from ulk_tf.progress import bar
from ulk_tf.quiet import import_tensorflow

KEPT = Path(__file__).parent / "results" / "white_box"
CASES: tuple[tuple[int, float | None], ...] = ((100, None), (10, None), (100, 0.5), (10, 0.5))


def measure(
    dataset: str = "mnist", sets: int = 60_000, tested: int = 4_000, data_dir: str | None = None
) -> None:
    """Train a base model and an observer for each kind of updating set, and keep what it gains.

    Args:
        dataset: a name of TFDS, or a .npz file.
        sets: updating sets that the observer learns from.
        tested: sets, of other samples, that it is asked about.
        data_dir: where TFDS data is prepared; TFDS_DATA_DIR when not given.

    Raises:
        UserError: a pool too small for the largest sets.
    """
    experiment = presets.experiment("lde", dataset=dataset, data_dir=data_dir)
    import_tensorflow()
    from benchmarks.observers import white_box  # noqa: PLC0415 - flags are checked before
    from ulk_tf.data.datasets import load  # noqa: PLC0415

    found = load(dataset, experiment.data.data_dir, Path(experiment.output.runs_dir) / "data")
    owner = white_box(experiment, found, max(set_size for set_size, _ in CASES))
    cases = []
    with bar(len(CASES), "training observers", "observer") as shown:
        for set_size, skew in CASES:
            cases.append(owner.gain(set_size, skew, sets, tested))
            shown.update(1)
    kept = KEPT / f"{found.name}.json"
    write_json(kept, {"dataset": found.name, "sets": sets, "tested": tested, "cases": cases})
    print(table())


def table() -> str:
    """What observers gain, as Markdown."""
    results = [read_json(path) for path in sorted(KEPT.glob("*.json"))]
    lines = [
        "| data | sets | KL of always answering the prior | KL of the observer | gain |",
        "|---|---|---|---|---|",
    ]
    for result in results:
        for case in result["cases"]:
            skew = case["label_skew"]
            kind = f"{case['set_size']}, {'independent' if skew is None else f'Dirichlet {skew:g}'}"
            figures = f"{case['prior']:.4g} | {case['kl']:.4g} | {100 * case['gain']:.0f}%"
            lines.append(f"| {result['dataset']} | {kind} | {figures} |")
    return "\n".join(lines)


if __name__ == "__main__":
    cli.run(measure)
