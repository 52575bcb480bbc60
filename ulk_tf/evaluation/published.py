"""What the paper reports, and what its released PyTorch code gives, by attack and data set."""

_PAPER = "Salem et al., USENIX Security 2020, introduction"
_CODE = "the authors' released PyTorch code, run on MNIST with its own settings"

PUBLISHED: dict[tuple[str, str], dict[str, dict[str, float | str]]] = {
    ("li", "cifar10"): {"accuracy": {"value": 0.96, "source": _PAPER}},
    ("li", "mnist"): {"accuracy": {"value": 0.495, "source": _CODE + ", set size 1"}},
    ("ssr", "mnist"): {"mse": {"value": 0.06355, "source": _PAPER}},
    ("ssr", "cifar10"): {
        "mse": {"value": 0.01352, "source": _PAPER + "; on another pixel scale than [0, 1]"}
    },
    ("lde", "cifar10"): {
        "kl_published_scale": {"value": 0.00376, "source": _PAPER + ", set size 100"},
        "most_frequent_accuracy": {"value": 0.32, "source": _PAPER + ", set size 100"},
    },
    ("lde", "mnist"): {
        "kl_published_scale": {"value": 0.00459, "source": _CODE + ", set size 100"},
        "most_frequent_accuracy": {"value": 0.259, "source": _CODE + ", set size 100"},
    },
}


def published(
    attack: str, dataset: str, set_size: int, skew: float | None
) -> dict[str, dict[str, float | str]]:
    """Published figures that an experiment may be set beside; empty where there are none."""
    comparable = skew is None and set_size in (1, 100)
    return PUBLISHED.get((attack, dataset), {}) if comparable else {}
