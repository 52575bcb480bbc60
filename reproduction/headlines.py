"""Headlines: the first table of docs/RESULTS.md, one line for each recorded run."""

from collections.abc import Iterable

from reproduction.wording import show, title
from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.compared import by_baseline
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.results import Results
from ulk_tf.settings.attack_table import ATTACKS
from ulk_tf.settings.presets import flags_of

# Flags that make another update, or another precision, of a run that is otherwise the default one.
OF_THE_UPDATE = {"dataset", "set_size", "label_skew", "precision", "feature_map"}
SHUFFLED = "shuffled"


def headlines(results: Iterable[Results]) -> str:
    """Format the main figure of each run beside the best guess.

    Args:
        results: recorded runs, in the order of the lines; those that change more than the update
            are left out.

    Returns:
        A Markdown table: attack and figure, updates, score with its interval, bold where it beats
        both of the next, the best that a guess without the update scores, and the same attack given
        another update.
    """
    heads = ("attack: figure", "updates", "score", "best guess", "another update", "published")
    lines = [heads, ("---",) * len(heads)]
    lines += [_line(one) for one in results if set(flags_of(one["config"])) <= OF_THE_UPDATE]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _line(result: Results) -> tuple[str, ...]:
    name = ATTACKS[result["attack"]].headline
    own, less = result["metrics"][name], metric(name).less_is_better
    others = {key: value["mean"] for key, value in by_baseline(result["baselines"], name).items()}
    guesses = [value for key, value in others.items() if baseline(key).trivial]
    best = (min if less else max)(guesses)
    update, skew = (result["config"]["owner"][part] for part in ("update", "data"))
    size, label_skew = update["set_size"], skew["label_skew"]
    updates = f"{result['dataset']}, " + ("single samples" if size == 1 else f"sets of {size}")
    known = result["published"].get(name)
    score = show(name, own["mean"])
    beaten = [best, *([others[SHUFFLED]] if SHUFFLED in others else [])]
    if all(own["mean"] < one if less else own["mean"] > one for one in beaten):
        score = f"**{score}**"
    shown = f"{score} [{show(name, own['low'])}, {show(name, own['high'])}]"
    return (
        f"A_{result['attack'].upper()}: {title(name)}",
        updates + (", skewed" if label_skew is not None else ""),
        shown,
        show(name, best),
        show(name, others[SHUFFLED]) if SHUFFLED in others else "",
        show(name, known["value"]) if known else "",
    )
