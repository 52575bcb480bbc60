"""White-box yardsticks: how well an owner infers a set's labels from her model's updates.

    python -m reproduction.white_box --dataset=mnist

Two observers are trained on tens of thousands of updates of the same base model that they are
tested on, which an attack never sees. The first observes posteriors before and after, as an
attack does: what it cannot infer, an attack will hardly infer with more shadow bases. The second
observes the exact gradient of the last layer for a set, with dropout active, which posteriors
reveal only in part. Both are yardsticks, not limits: a better network may infer more from either,
and the gradients of earlier layers contain more.
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
    """Train a base model and its observers for each kind of updating set, and save their gains.

    Args:
        dataset: a data set of TFDS by name, or a .npz file.
        sets: updating sets that an observer is trained on.
        tested: updating sets, of other samples, that it is tested on.
        data_dir: folder of prepared TFDS data; TFDS_DATA_DIR when not given.

    Raises:
        UserError: the pool is too small for the largest sets.
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
            measured = {}
            for name, view in views.items():
                measured[name] = observers.gains(
                    owned, view, set_size, skew, (sets // 4, sets), tested
                )
                shown.update(1)
            cases.append(known | measured)
            write_json(kept, {**result, "cases": cases})
    print(table())


def _finished(kept: Path, result: dict[str, object]) -> list[dict[str, object]]:
    """Return the finished cases of an interrupted run of the same sizes."""
    if not kept.exists():
        return []
    found = read_json(kept)
    cases: list[dict[str, object]] = found.pop("cases")
    return cases if found == result and len(cases) < len(CASES) else []


def table() -> str:
    """Format the observers' gains over the prior as a Markdown table."""
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
                gains = [f"{100 * f['gain']:.0f}%, {f['most_frequent']:.3f}" for f in pair]
                shared = f"{pair[0]['sets']:,} | {pair[0]['prior']:.4g}"
                lines.append(f"| {result['dataset']} | {kind} | {shared} | {' | '.join(gains)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    cli.run(measure)
