"""Yardsticks: how much of a set's labels the owner of a base model learns from its updates.

    python -m reproduction.white_box --dataset=mnist

The owner learns from tens of thousands of updating sets of the very base model that she is then
asked about; an attack has never seen that model. Two owners are measured. The first sees what an
attack sees, posteriors before and after: what she cannot infer, an attack will hardly infer with
more shadow bases. The second gets the exact gradient that a set sends to the last layer's
weights, dropout active, which no posterior shows completely. Both are yardsticks and no limits: a
better learner may read more from either, and the gradients of earlier layers say more.
"""

from pathlib import Path

from ulk_tf.files import read_json, write_json
from ulk_tf.progress import bar
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings import cli, presets

KEPT = Path(__file__).parent / "results" / "white_box"
CASES: tuple[tuple[int, float | None], ...] = (
    (1, None),
    (100, None),
    (10, None),
    (100, 0.5),
    (10, 0.5),
)


def measure(
    dataset: str = "mnist", sets: int = 60_000, tested: int = 4_000, data_dir: str | None = None
) -> None:
    """Train a base model and its observers for each kind of updating set, and keep their gains.

    Args:
        dataset: a name of TFDS, or a .npz file.
        sets: updating sets that an observer learns from.
        tested: sets, of other samples, that it is asked about.
        data_dir: where TFDS data is prepared; TFDS_DATA_DIR when not given.

    Raises:
        UserError: a pool too small for the largest sets.
    """
    experiment = presets.experiment("lde", dataset=dataset, data_dir=data_dir)
    import_tensorflow()
    from reproduction import observers  # noqa: PLC0415 - flags are checked before
    from reproduction.owned import own  # noqa: PLC0415
    from ulk_tf.data.datasets import load  # noqa: PLC0415

    found = load(dataset, data_dir, Path(experiment.folders.runs_dir) / "data")
    owned = own(experiment, found, max(set_size for set_size, _ in CASES))
    views = {
        "gradients": observers.OfGradients(owned),
        "posteriors": observers.OfPosteriors(owned),
    }
    kept = KEPT / f"{found.name}.json"
    result = {"dataset": found.name, "sets": sets, "tested": tested}
    cases = _finished(kept, result)
    with bar(len(CASES) * len(views), "training observers", "observer") as shown:
        for set_size, skew in CASES:
            known = {"set_size": set_size, "label_skew": skew}
            if any(known.items() <= case.items() for case in cases):
                shown.update(len(views))
                continue
            found_out = {}
            for name, view in views.items():
                found_out[name] = observers.gains(
                    owned, view, set_size, skew, (sets // 4, sets), tested
                )
                shown.update(1)
            cases.append(known | found_out)
            write_json(kept, {**result, "cases": cases})
    print(table())


def _finished(kept: Path, result: dict[str, object]) -> list[dict[str, object]]:
    """The cases of a run of the same sizes that has been ended before all of them."""
    if not kept.exists():
        return []
    found = read_json(kept)
    cases: list[dict[str, object]] = found.pop("cases")
    return cases if found == result and len(cases) < len(CASES) else []


def table() -> str:
    """Show what observers gain over always answering the prior, as Markdown."""
    results = [read_json(path) for path in sorted(KEPT.glob("*.json"))]
    lines = [
        "| data | sets | learned from | KL of the prior | gain by posteriors, most frequent label "
        "| by gradients |",
        "|---|---|---|---|---|---|",
    ]
    for result in results:
        for case in result["cases"]:
            skew = case["label_skew"]
            kind = f"{case['set_size']}, {'independent' if skew is None else f'Dirichlet {skew:g}'}"
            for pair in zip(case["posteriors"], case["gradients"], strict=True):
                told = [f"{100 * f['gain']:.0f}%, {f['most_frequent']:.3f}" for f in pair]
                shared = f"{pair[0]['sets']:,} | {pair[0]['prior']:.4g}"
                lines.append(f"| {result['dataset']} | {kind} | {shared} | {' | '.join(told)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    cli.run(measure)
