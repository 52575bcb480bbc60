"""Audit of a served classifier, offline: it is updated, and attacked from outside.

    python examples/audit_served_digits.py

1. A digit classifier is trained and exported as version 1 of the model `digits`.
2. It is updated with one new sample: version 2; and, from version 1 again, with a whole set: 3.
3. All are served over HTTP. No TF Serving here? A stand-in of the standard library does it.
4. An outsider probes the versions and runs exported attacks on what moved.

The same against a real TF Serving: start it with the command that is printed, and give its URL:

    python examples/audit_served_digits.py --url=http://127.0.0.1:8501/v1/models/digits

Attacks that are not in `--export_dir` yet are trained first, with the quick preset.
"""

import shlex
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ulk_tf.files import read_json
from ulk_tf.quiet import import_tensorflow
from ulk_tf.settings import cli

SEED = 20
# Versions that updates of version 1 lead to, and the attacks that are run on each update.
CASES = ((2, ("li", "ssr")), (3, ("lde", "msr")))
SERVING_CONFIG = """model_config_list {
  config {
    name: "digits"
    base_path: "/models/digits"
    model_platform: "tensorflow"
    model_version_policy { all {} }
  }
}
"""


def main(
    url: str | None = None,
    attacks: str = "li,msr",
    folder: str = "runs/example",
    export_dir: str = "exported",
) -> None:
    """Train, serve, update, probe and audit.

    Args:
        url: URL of the model at a TF Serving that serves <folder>/served; a stand-in when None.
        attacks: attacks to run, of li, ssr, lde and msr, separated by commas.
        folder: folder of all files of the example.
        export_dir: folder of the exported attacks.
    """
    home = Path(folder)
    wanted = [name for name in attacks.split(",") if name]
    exports = {name: attack_export(name, Path(export_dir), home) for name in wanted}
    import_tensorflow()
    served = home / "served" / "digits"
    make_versions(served, exports)
    print_docker(home / "served")
    with endpoint(url, served.parent) as model:
        probe(f"{model}/versions/1", home / "version1.npz", next(iter(exports.values())))
        for version, names in CASES:
            chosen = [str(exports[name]) for name in names if name in exports]
            if chosen:
                probe(f"{model}/versions/{version}", home / f"version{version}.npz", chosen[0])
                run(
                    *("ulk_tf", "audit", f"--before={home / 'version1.npz'}"),
                    f"--after={home / f'version{version}.npz'}",
                    f"--attack={','.join(chosen)}",
                    f"--out={home / f'audit_1_to_{version}'}",
                )
    print("what the updates really were:")
    for version, truth in read_json(served.parent / "truth.json").items():
        counts = Counter(truth["labels"]).most_common()
        labels = ", ".join(f"{count} of class {label}" for label, count in counts)
        print(f"  {version}: {labels}")


def attack_export(name: str, export_dir: Path, home: Path) -> Path:
    """Return the export of an attack on digits; train the attack if there is none."""
    found = export_dir / f"digits_{name}"
    if not found.is_dir():
        flags = ["--preset=quick", f"--export_dir={export_dir}", f"--runs_dir={home / 'runs'}"]
        run(f"trainers.{name}", *flags)
    return found


def make_versions(served: Path, exports: dict[str, Path]) -> None:
    """Export version 1 of the target and its updates, unless they are there already."""
    if (served / "3").is_dir():
        return
    # The rest of this function is done by the owner; attacks have no access to it.
    import keras
    import numpy as np

    from ulk_tf.classifiers.keras_procedure import KerasProcedure
    from ulk_tf.data.datasets import load
    from ulk_tf.data.splits import split
    from ulk_tf.files import write_json
    from ulk_tf.serving.assets import read
    from ulk_tf.serving.loading import version_folder
    from ulk_tf.settings import presets

    experiment = presets.experiment("li", "quick")
    dataset = load("digits", None, served.parent / "data")
    owned = split(experiment, len(dataset.labels)).for_base("target", SEED)
    procedure = KerasProcedure.of(experiment.owner, dataset.sample_shape, dataset.classes)
    weights = procedure.fit(dataset.samples[owned.base], dataset.labels[owned.base], SEED)
    random = np.random.default_rng(SEED)
    truth = {}
    for version in (1, *(version for version, _ in CASES)):
        keras.utils.set_random_seed(SEED + version)
        model = procedure.build()
        model.set_weights(weights)
        size = 1 if version == 2 else 100
        for name, path in exports.items():
            if (version, name) in [(v, n) for v, names in CASES for n in names]:
                size = read(version_folder(path)).metadata["config"]["owner"]["update"]["set_size"]
        if version > 1:
            # Draw samples of three classes, since real updates mostly are of few classes.
            few = random.choice(dataset.classes, 3, replace=False)
            fitting = owned.pool[np.isin(dataset.labels[owned.pool], few)]
            update = random.choice(fitting, min(size, len(fitting)), replace=False)
            settings = experiment.owner.update
            model.compile(
                keras.optimizers.SGD(settings.update_learning_rate, settings.update_momentum),
                "sparse_categorical_crossentropy",
                jit_compile=False,
            )
            samples, labels = dataset.samples[update], dataset.labels[update]
            model.fit(samples, labels, settings.update_batch, settings.update_epochs, verbose=0)
            truth[f"version {version}"] = {
                "samples": len(update),
                "labels": [dataset.class_names[label] for label in labels],
            }
        # A server loads a half-written version: it gets its number when it is whole.
        served.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=served.parent.parent) as building:
            model.export(f"{building}/model", verbose=False)
            (Path(building) / "model").rename(served / str(version))
    write_json(served.parent / "truth.json", truth)


def print_docker(served: Path) -> None:
    """Write TF Serving's configuration, and print the command that starts it."""
    (served / "models.config").write_text(SERVING_CONFIG, encoding="utf-8")
    print("to serve the same with TF Serving:")
    print(
        "  docker run --rm -p 127.0.0.1:8501:8501"
        f" -v {shlex.quote(str(served.resolve()))}:/models:ro"
        " tensorflow/serving --model_config_file=/models/models.config"
    )


@contextmanager
def endpoint(url: str | None, served: Path) -> Iterator[str]:
    """Yield the URL of the served model; start the stand-in when `url` is None."""
    if url is not None:
        yield url.rstrip("/")
        return
    from stand_in_server import make_server

    server = make_server(served)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"a stand-in for TF Serving answers at http://127.0.0.1:{server.server_port}")
    yield f"http://127.0.0.1:{server.server_port}/v1/models/digits"
    server.shutdown()


def probe(target: str, out: Path, attack: str | Path) -> None:
    """Record the posteriors of one version, replacing an earlier recording."""
    out.unlink(missing_ok=True)
    run("ulk_tf", "probe", f"--target={target}", f"--attack={attack}", f"--out={out}")


def run(module: str, *flags: str) -> None:
    """Print a command as a user would type it, and run it; exit if it fails."""
    print("$ python -m " + " ".join(map(shlex.quote, (module, *flags))), flush=True)
    done = subprocess.run([sys.executable, "-m", module, *flags], check=False)
    if done.returncode:
        raise SystemExit(done.returncode)  # the command has printed the reason


if __name__ == "__main__":
    cli.run(main)
