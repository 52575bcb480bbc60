"""Words for an update: what it does to a classifier, where that is not the plain one."""

from ulk_tf.settings.update_config import UpdateConfig, UpdateMethod

_METHODS: dict[UpdateMethod, str] = {
    "retraining": "An update trains a new classifier on the old samples and the updating set.",
    "unlearning_by_retraining": "An update removes its updating set: it trains a new classifier on "
    "all other old samples.",
    "unlearning_by_fine_tuning": "An update removes its updating set: it trains the base model "
    "further on {kept} old samples.",
    "unlearning_by_ascent": "An update removes its updating set: it raises the base model's loss "
    "on it.",
}


def update_words(config: UpdateConfig, new_classes: str | None = None) -> list[str]:
    """Say what an update does beside a plain one, in sentences; none for a plain one.

    Args:
        config: settings of the update.
        new_classes: labels of classes that base models have never seen; None without any.
    """
    told = []
    if config.update_method in _METHODS:
        kept = str(config.old_samples or "all other")
        told.append(_METHODS[config.update_method].format(kept=kept))
        if config.removes:
            told.append("What attacks infer is what was removed.")
    elif config.old_samples:
        told.append(f"An update mixes {config.old_samples} old samples into its updating set.")
    if config.set_sizes is not None:
        told.append(f"Updating sets have {config.set_sizes} samples in turn.")
    if config.updates_between > 1:
        told.append(
            f"Between the two looks are {config.updates_between} updates; attacks infer the last."
        )
    if config.trained_layers:
        told.append(f"An update trains the last {config.trained_layers} layers with weights.")
    if new_classes:
        told.append(f"Base models have never seen the classes {new_classes}; updating sets have.")
    return told
