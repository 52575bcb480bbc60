"""Result of a run, for Python; reading one imports neither TensorFlow nor Keras."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ulk_tf.errors import UserError
from ulk_tf.evaluation.compared import by_baseline
from ulk_tf.evaluation.results import read_results
from ulk_tf.evaluation.verdict import State, state_of, unmeasured, verdict
from ulk_tf.settings.attack_table import attack_row

if TYPE_CHECKING:
    from ulk_tf.serving.loading import LoadedAttack

Estimates = Mapping[str, Mapping[str, float]]


class Leak(str):
    """Outcome of a test for leakage: `shown`, `not shown` or `undecided`.

    It compares equal to its text. It has no truth value, so that `if result.leaks():` cannot take
    "not shown" for safe.

    >>> Leak("shown") == "shown"
    True
    >>> bool(Leak("not shown"))
    Traceback (most recent call last):
        ...
    TypeError: A leak is shown, not shown or undecided: compare with one of these texts.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        raise TypeError("A leak is shown, not shown or undecided: compare with one of these texts.")


@dataclass(frozen=True)
class Result:
    """Result of a run.

    Attributes:
        folder: folder of the run, with report.html, results.json and figures.
        results: the content of results.json; see `evaluation.results`.

    Example:
        >>> result = Result.load(folder)
        >>> result.attack_name, result.leaks(over="shuffled")
        ('li', 'shown')
        >>> gain = result.gains["accuracy:most_frequent_label"]
        >>> gain["low"] > 0.3
        True
    """

    folder: Path
    results: Mapping[str, Any]

    @classmethod
    def load(cls, folder: str | Path) -> "Result":
        """Read the result of a run.

        Args:
            folder: folder of the run, or path of its results.json.

        Raises:
            UserError: results.json is missing, damaged or of another schema.
        """
        path = Path(folder)
        path = path / "results.json" if path.is_dir() else path
        return cls(path.parent, read_results(path))

    @property
    def attack_name(self) -> str:
        """Name of the attack: li, ssr, lde, msr, or another of the table."""
        return str(self.results["attack"])

    @property
    def metrics(self) -> Estimates:
        """Metrics of the attack by name: `mean`, `low` and `high` (95% interval), `n`."""
        return self.results["metrics"]

    @property
    def baselines(self) -> Estimates:
        """Metrics of the baselines by `<metric>:<baseline>`: `mean`, `low`, `high`, `n`."""
        return self.results["baselines"]

    @property
    def gains(self) -> Estimates:
        """Paired gains over the baselines by `<metric>:<baseline>`: `mean`, `low`, `high`, `n`.

        A gain is a difference for metrics where more is better, and a share of the baseline
        where less is better.
        """
        return self.results["gains"]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings that readers of the figures must see, as sentences."""
        return tuple(self.results["warnings"])

    def leaks(self, over: str = "shuffled", metric: str | None = None) -> Leak:
        """Test whether the attack is better than a baseline.

        Args:
            over: name of the baseline.
            metric: name of the metric; the attack's main metric when None.

        Returns:
            `shown` if the gain's interval lies above zero, `not shown` if the whole interval is
            too small to matter, else `undecided`, also where the run measured nothing. "Not shown"
            is no proof of safety: another attack may infer more.

        Raises:
            UserError: the run has no such metric or baseline.
        """
        key = f"{metric or attack_row(self.attack_name).headline}:{over}"
        if key not in self.gains:
            raise UserError(f"a metric and baseline of {', '.join(self.gains)}", key)
        state: State = state_of(self.gains[key])
        proves_nothing = state == "not shown" and unmeasured(self.results)
        return Leak("undecided" if proves_nothing else state)

    def summary(self) -> str:
        """Return the verdict, the warnings, and each metric with its baselines, as lines."""
        lines = [verdict(self.results).sentence]
        lines += [f"warning: {warning}" for warning in self.warnings]
        lines += (self.results.get("knowledge") or {}).get("sentences") or []
        for name, estimate in self.metrics.items():
            lines.append(f"{name:28}{_shown(estimate)}")
            known = by_baseline(self.baselines, name)
            for baseline, gain in by_baseline(self.gains, name).items():
                other = known[baseline]["mean"] if baseline in known else float("nan")
                lines.append(f"  {baseline:26}{other:10.5f}   gain {_shown(gain)}")
        return "\n".join(lines)

    def attack(self) -> "LoadedAttack":
        """Load the attack that the run exported; imports TensorFlow.

        Raises:
            UserError: the run has no export, or it was removed.
        """
        from ulk_tf.serving.loading import LoadedAttack  # noqa: PLC0415 - imports TensorFlow

        exported = self.results.get("export")
        if not exported:
            raise UserError("a result with an export", f"none in {self.folder / 'results.json'}")
        return LoadedAttack(Path(exported))


def _shown(estimate: Mapping[str, float]) -> str:
    return f"{estimate['mean']:10.5f} [{estimate['low']:.5f}, {estimate['high']:.5f}]"
