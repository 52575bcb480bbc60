"""Insider and outsider beside each other: what an update of one's own base model gives away.

python -m ulk_tf insider li --base_model=model.keras --dataset=own.npz
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ulk_tf.commands import insider_command
from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.compared import by_baseline, key_of, parts_of
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.report_page import escape, listing, page, paragraph, section
from ulk_tf.evaluation.verdict import verdict
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.files import digest, write_json, write_text
from ulk_tf.result import Result
from ulk_tf.settings.attack_table import ATTACKS
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.flags import Described
from ulk_tf.settings.keys import run_key

if TYPE_CHECKING:
    from ulk_tf.preflight import Loaded

SCHEMA_VERSION = 1
EXAMPLES = (
    (
        "--base_model=model.keras --dataset=own.npz",
        "own.npz marks in 'seen' what it was trained on",
    ),
    ("--base_model=model.keras --dataset=mnist --base_samples=seen.npy", "the same as positions"),
    ("--base_model=weights.npz --target=module:function --dataset=own.npz", "weights alone"),
)
NOTE = (
    "Runs the attack twice on the same updates of --base_model: by an outsider, who trains shadow "
    "models in its image, and by an insider, who has the model itself and learns from simulated "
    "updates of it. Owner of the model, you are the insider: hers is the strongest attack built "
    "here, yet no bound."
)


@dataclass(frozen=True)
class Comparison:
    """Results of an outsider and of an insider on the same updates.

    Attributes:
        outsider: result of the adversary who trains shadow models.
        insider: result of the adversary who has the base model.
    """

    outsider: Result
    insider: Result

    @property
    def figures(self) -> dict[str, tuple[Mapping[str, float], Mapping[str, float]]]:
        """Estimates of outsider and insider by metric, and by gain as `<metric>:<baseline>`."""
        found = {}
        for name in self.insider.metrics:
            gains = [key_of(name, other) for other in by_baseline(self.insider.gains, name)]
            for key in (name, *gains):
                sides = [
                    (one.gains if parts_of(key)[1] else one.metrics).get(key)
                    for one in (self.outsider, self.insider)
                ]
                if sides[0] is not None and sides[1] is not None:
                    found[key] = (sides[0], sides[1])
        return found

    @property
    def sentences(self) -> list[str]:
        """Verdicts, and what each adversary knows."""
        said = []
        for name, one in (("Outsider", self.outsider), ("Insider", self.insider)):
            said.append(f"{name}: {verdict(one.results).sentence}")
        known = [
            s
            for one in (self.outsider, self.insider)
            for s in one.results["knowledge"].get("sentences", ())
        ]
        return said + list(dict.fromkeys(known))

    @property
    def warnings(self) -> list[str]:
        """Warnings of both results, each once."""
        return list(dict.fromkeys((*self.outsider.warnings, *self.insider.warnings)))

    def table(self) -> str:
        """Format the figures as lines of text: outsider, insider, each with its 95% interval."""
        lines = [f"{'':44}{'outsider':>30}{'insider':>30}"]
        for key, pair in self.figures.items():
            lines.append(f"{_title(key):44}" + "".join(f"{_shown(one):>30}" for one in pair))
        return "\n".join(lines)

    def write(self, folder: Path) -> Path:
        """Write comparison.json and comparison.html; return the path of the latter.

        Args:
            folder: folder of both files.
        """
        results = self.insider.results
        write_json(
            folder / "comparison.json",
            {
                "schema_version": SCHEMA_VERSION,
                "attack": results["attack"],
                "dataset": results["dataset"],
                "results": {
                    "outsider": str(self.outsider.folder / "results.json"),
                    "insider": str(self.insider.folder / "results.json"),
                },
                "sentences": self.sentences,
                "warnings": self.warnings,
                "figures": {
                    key: dict(zip(("outsider", "insider"), pair, strict=True))
                    for key, pair in self.figures.items()
                },
            },
        )
        path = folder / "comparison.html"
        write_text(path, self._page())
        return path

    def _page(self) -> str:
        results = self.insider.results
        title = f"{attack_name(str(results['attack']))}: outsider and insider"
        rows = "".join(
            f'<tr class="{"other" if ":" in key else "own"}"><th scope="row">{escape(_title(key))}'
            f'</th><td class="number">{escape(_shown(pair[0]))}</td>'
            f'<td class="number">{escape(_shown(pair[1]))}</td></tr>'
            for key, pair in self.figures.items()
        )
        count = next(iter(self.insider.metrics.values()))["n"]
        table = (
            f'<table class="scores"><caption>The same {count} updates of one base model, with 95% '
            'intervals</caption><thead><tr><th></th><th class="number">outsider</th>'
            f'<th class="number">insider</th></tr></thead><tbody>{rows}</tbody></table>'
        )
        parts = [
            f"<header><h1>{escape(title)}</h1>",
            paragraph(f"Data set: {results['dataset']}", "muted"),
            *(paragraph(sentence, "headline") for sentence in self.sentences[:2]),
            "</header>",
            section("Warnings", listing(self.warnings)),
            section("Results", table),
            section("Who knows what", listing(self.sentences[2:])),
            section("Reports", listing([str(one.folder / "report.html") for one in self._both])),
        ]
        return page(title, parts)

    @property
    def _both(self) -> tuple[Result, Result]:
        return self.outsider, self.insider


def comparing(attack: str) -> Described:
    """Make the command of an attack.

    Args:
        attack: a name of the table of attacks.
    """
    return insider_command(attack, _run, EXAMPLES, NOTE)


def compare(outsider: Experiment, insider: Experiment, loaded: "Loaded") -> tuple[Comparison, Path]:
    """Run both experiments, and write their comparison beside their results.

    Args:
        outsider: experiment of the adversary who trains shadow models.
        insider: experiment of the adversary who has the base model.
        loaded: their data.

    Returns:
        The comparison, and the path of its page.
    """
    # These import TensorFlow.
    from ulk_tf import workflow  # noqa: PLC0415
    from ulk_tf.estimating.estimate import announce, estimate  # noqa: PLC0415
    from ulk_tf.rehearsal import rehearse  # noqa: PLC0415

    pair = (outsider, insider)
    for one in pair:  # the insider's fault is said before the outsider is trained
        rehearse(one, loaded)
    announce(estimate(pair, loaded, list(map(workflow.run_folder, pair))))
    paths = []
    for name, one in zip(("outsider", "insider"), pair, strict=True):
        print(f"\n{name}:", flush=True)
        paths.append(workflow.run(one, loaded, announced=True))
    both = Comparison(*map(Result.load, paths))
    name = f"insider-{digest(*map(run_key, pair))[:8]}"
    return both, both.write(workflow.run_folder(insider).parent / name)


def _run(outsider: Experiment, insider: Experiment, loaded: "Loaded") -> None:
    both, path = compare(outsider, insider, loaded)
    print("\n" + "\n".join(both.sentences))
    print(f"\n{both.table()}\n{path}")


def _title(key: str) -> str:
    of, other = parts_of(key)
    if not other:
        return metric(of).title
    gain = f"gain over {baseline(other).title.lower()}"
    which = "" if of in {row.headline for row in ATTACKS.values()} else f", {metric(of).title}"
    return f"  {gain}{which}"


def _shown(estimate: Any) -> str:
    return f"{estimate['mean']:.4g} [{estimate['low']:.4g}, {estimate['high']:.4g}]"
