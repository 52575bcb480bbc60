"""Updates that attacks assume: an audit cannot see in answers of which size or kind an update was.

An attack that was trained on single samples answers a label of a set of ten, too, and the other
way round. What it assumes is therefore said beside what it answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Any

from ulk_tf.answers.numbers import as_mapping
from ulk_tf.errors import UserError
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.settings.update_config import UpdateConfig
from ulk_tf.settings.update_words import update_words

_OF_STEPS = (
    *("update_optimizer", "update_learning_rate", "update_momentum", "update_epochs"),
    *("dp_noise_multiplier", "dp_epsilon"),
)


@dataclass(frozen=True)
class Assumed:
    """Update that an attack assumes, as the adversary trained for it.

    Attributes:
        sizes: samples in an updating set; several where sets of several sizes were trained on,
            none where it is not told.
        removes: whether its updates remove samples.
        from_scratch: whether its updates train a new classifier.
        words: sentences on what its updates do beside plain ones.
        procedure: sentences on how its classifiers are trained and updated, such as by which
            optimizer; empty where that is not told.
        steps: optimizer, rates and DP-SGD of an update.
    """

    sizes: tuple[int, ...] = ()
    removes: bool = False
    from_scratch: bool = False
    words: tuple[str, ...] = ()
    procedure: str = ""
    steps: tuple[Any, ...] = ()

    @property
    def if_one_sample(self) -> str:
        """The condition under which an answer about one sample holds."""
        done = "was made to forget" if self.removes else "was updated with"
        return f"If the model {done} one sample"

    @property
    def samples(self) -> str:
        """Words for all samples of an update."""
        return "the set that the model was made to forget" if self.removes else "the updating set"

    @property
    def sized(self) -> str:
        """Words for its updates: `updates of 10 samples`, or `updates` where no size is told."""
        if not self.sizes:
            return "updates"
        *others, last = map(str, self.sizes)
        listed = f"{', '.join(others)} or {last}" if others else last
        return f"updates of {listed} sample{'' if self.sizes == (1,) else 's'}"

    @property
    def sentence(self) -> str:
        """Words for what a reader has to know of it; empty where nothing is told."""
        sized = [f"The attack was trained on {self.sized}, and answers do not show the size."]
        how = [f"Its shadow models: {self.procedure}"] if self.procedure else []
        return " ".join([*(sized if self.sizes else ()), *self.words, *how])

    def as_json(self) -> dict[str, Any]:
        """Its entry in audit.json."""
        return {"set_sizes": list(self.sizes), "removes": self.removes, "sentence": self.sentence}


def assumed(metadata: Mapping[str, Any]) -> Assumed:
    """Read from an export which updates its attack was trained on.

    Args:
        metadata: of the export, a stranger's; what is no such config counts as not told.

    Example:
        >>> assumed({"config": {"adversary": {"update": {"set_size": 10}}}}).sized
        'updates of 10 samples'
    """
    config = as_mapping(metadata.get("config"))
    party = as_mapping(config.get("adversary", config))
    told = as_mapping(party.get("update", party))
    known = {field.name: told[field.name] for field in fields(UpdateConfig) if field.name in told}
    try:
        update = UpdateConfig(**known)
    except (UserError, TypeError, ValueError):
        return Assumed()
    if "set_size" not in known:
        return Assumed()
    new = as_mapping(party.get("data")).get("new_classes")
    words = update_words(replace(update, set_sizes=None), new if isinstance(new, str) else None)
    how = as_mapping(metadata.get("procedures")).get("adversary")
    # A run's own sentences begin with those on its updates.
    own = " ".join(update_words(update, new if isinstance(new, str) else None))
    procedure = how.removeprefix(own).strip() if isinstance(how, str) else ""
    steps = tuple(getattr(update, name) for name in _OF_STEPS)
    return Assumed(
        update.sizes, update.removes, update.from_scratch, tuple(words), procedure, steps
    )


def at_odds(attacks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say so where attacks assume updates that no update can be at once.

    Args:
        attacks: metadata of those that answered, by the name of the attack.
    """
    told = {name: found for name, one in attacks.items() if (found := assumed(one)).sizes}
    if not any(_exclude(*pair) for pair in combinations(told.values(), 2)):
        return []
    each = "; ".join(
        " ".join([f"{attack_name(name)}: {one.sized}.", *one.words, one.procedure]).rstrip(". ")
        for name, one in told.items()
    )
    return [
        f"The attacks assume different updates ({each}). Only those that assume what this update "
        "was can be right."
    ]


def _exclude(one: Assumed, other: Assumed) -> bool:
    """Tell whether no update is what both attacks assume."""
    # A difference is named only where both sentences are there to show it.
    otherwise = one.steps != other.steps and one.procedure and other.procedure
    return bool(otherwise or one.words != other.words or not set(one.sizes) & set(other.sizes))
