"""Published figures of the paper and of its PyTorch code, by attack, data set and set size."""

_PAPER = "Salem et al., USENIX Security 2020, introduction"
_CODE = "the authors' released PyTorch code, run on MNIST with its own settings"

Figures = dict[str, dict[str, float | str]]

PUBLISHED: dict[tuple[str, str, int], Figures] = {
    ("li", "cifar10", 1): {"accuracy": {"value": 0.96, "source": _PAPER}},
    ("li", "mnist", 1): {"accuracy": {"value": 0.495, "source": _CODE}},
    ("ssr", "mnist", 1): {"mse": {"value": 0.06355, "source": _PAPER}},
    ("ssr", "cifar10", 1): {
        "mse": {"value": 0.01352, "source": _PAPER + "; on another pixel scale than [0, 1]"}
    },
    ("lde", "cifar10", 100): {
        "kl_published_scale": {"value": 0.00376, "source": _PAPER},
        "most_frequent_accuracy": {"value": 0.32, "source": _PAPER},
    },
    ("lde", "mnist", 100): {
        "kl_published_scale": {"value": 0.00459, "source": _CODE},
        "most_frequent_accuracy": {"value": 0.259, "source": _CODE},
    },
    ("lde", "mnist", 10): {
        "kl_published_scale": {"value": 0.0522, "source": _CODE},
        "most_frequent_accuracy": {"value": 0.173, "source": _CODE},
    },
    ("lde", "mnist", 1): {
        "kl_published_scale": {"value": 0.159, "source": _CODE},
        "most_frequent_accuracy": {"value": 0.495, "source": _CODE},
    },
}


def published(attack: str, dataset: str, set_size: int, skew: float | None) -> Figures:
    """Published figures that an experiment may be set beside; empty where there are none.

    Args:
        attack: its name.
        dataset: its name.
        set_size: samples in an updating set.
        skew: of the labels in a set; nothing is published of skewed sets.
    """
    return {} if skew is not None else PUBLISHED.get((attack, dataset, set_size), {})
