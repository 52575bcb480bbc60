"""What attacks, metrics and baselines are called, and what a good value is."""

from dataclasses import dataclass

ATTACKS = {
    "li": "Label inference (A_LI)",
    "ssr": "Single-sample reconstruction (A_SSR)",
    "lde": "Label distribution estimation (A_LDE)",
    "msr": "Multi-sample reconstruction (A_MSR)",
}

THREAT = (
    "The adversary asks a classifier for the posteriors of her own fixed probing set, once before "
    "and once after an update, and sees nothing else. She has data like the owner's and knows "
    "how such a classifier is trained and updated, so that she can train the attack on shadow "
    "models of her own; it is scored here on target models and updates that it has never seen."
)


@dataclass(frozen=True)
class Wording:
    """How a metric is said.

    Attributes:
        name: for people.
        good: what a good value is, one sentence; may be empty.
        less_is_better: whether the attack gains by a smaller value.
        share: shown in percent.
    """

    name: str
    good: str = ""
    less_is_better: bool = False
    share: bool = False


_SCALE = "On values in [0, 1]; 0 is the sample itself."
METRICS = {
    "accuracy": Wording(
        "Accuracy",
        "1 means that every label was inferred; always answering the most frequent label is the "
        "floor.",
    ),
    "top3_accuracy": Wording(
        "Top-3 accuracy", "1 means that the label was always among the three likeliest."
    ),
    "most_frequent_accuracy": Wording(
        "Most frequent label, accuracy",
        "1 means that the commonest label of every updating set was named.",
    ),
    "kl": Wording(
        "KL divergence",
        "0 is the true distribution. Only what is under always answering the class prior leaks "
        "anything.",
        less_is_better=True,
    ),
    "kl_published_scale": Wording(
        "KL divergence, published scale",
        "The same, divided by the number of classes as in the paper's code.",
        less_is_better=True,
    ),
    "mse": Wording(
        "Mean squared error",
        f"{_SCALE} An attack knows more than the label only if it comes under the class mean of "
        "the true label.",
        less_is_better=True,
    ),
    "ssim": Wording(
        "Structural similarity (SSIM)", "1 is the sample itself, 0 is nothing in common."
    ),
    "matched_mse_centroids": Wording(
        "Matched MSE, centroids",
        f"{_SCALE} Every true sample against the cluster centre matched to it. Under matched "
        "shadow clusters the update leaks; under the matched label oracle, more than labels.",
        less_is_better=True,
    ),
    "matched_mse_samples": Wording(
        "Matched MSE, samples",
        f"{_SCALE} The same for single samples, which are farther from everything than centres.",
        less_is_better=True,
    ),
}

BASELINES = {
    "most_frequent_label": ("Most frequent label", "always the commonest label of shadow data"),
    "shuffled": ("Shuffled", "the same attack fed another update's posteriors"),
    "uniform": ("Uniform", "every class alike"),
    "prior": ("Class prior", "always the class shares of shadow data"),
    "random_histogram": ("Random histogram", "the paper's baseline"),
    "autoencoder": ("Autoencoder", "has seen the sample: an upper bound"),
    "class_mean_of_true_label": ("Class mean, true label", "knows the label, not the sample"),
    "class_mean_of_predicted_label": ("Class mean, inferred label", "chained from A_LI"),
    "random_of_same_label": ("Random sample, same label", "knows the label, not the sample"),
    "mean_sample": ("Mean sample", "knows nothing"),
    "nearest_shadow_update": (
        "Nearest shadow update",
        "the sample of the shadow update that moved the posteriors most alike",
    ),
    "shadow_clustering": ("Shadow clustering", "clusters of the adversary's own data"),
    "matched_shadow": (
        "Matched shadow clusters",
        "the attack's own clustering, of the adversary's own data",
    ),
    "label_average": ("Label average", "class means in the prior's shares"),
    "random_samples": ("Random samples", "of the adversary's own data"),
    "label_oracle": (
        "Label-oracle clustering",
        "knows the true label counts",
    ),
    "matched_oracle": (
        "Matched label oracle",
        "the same by the attack's own clustering: under it, more than labels leaks",
    ),
}


def attack_name(attack: str) -> str:
    """An attack's name for people."""
    return ATTACKS.get(attack, attack)


def metric(name: str) -> Wording:
    """How a metric is said; what is in no table is said by its own name."""
    if name in METRICS:
        return METRICS[name]
    if name.startswith("gain_over_"):
        other = name.removeprefix("gain_over_")
        known = other.removesuffix("_samples")
        # A baseline's own name may end so too.
        of = ", samples" if known in BASELINES and known != other else ""
        return Wording(f"Gain over {baseline(known if of else other)[0].lower()}{of}", share=True)
    return Wording(_spaced(name))


def baseline(name: str) -> tuple[str, str]:
    """A baseline's name for people, and what it is."""
    return BASELINES.get(name, (_spaced(name), ""))


def _spaced(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
