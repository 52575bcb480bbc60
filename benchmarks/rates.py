"""`python -m benchmarks.rates`: the table of `estimating/rates.py`, as measured on this machine.

Run what estimates shall be right for first, such as every attack on digits and MNIST, from nothing
and again with its corpus ready; then put the printed lines into that file.
"""

import statistics

from ulk_tf.estimating.rates import REFERENCE, TABLE, Rates, multiplying


def measured(rates: Rates, product: float) -> dict[str, tuple[float, float]]:
    """Scale the table by the rates of earlier runs; kinds without any by the machine's speed.

    Args:
        rates: rates of this machine.
        product: seconds of one product of matrices here.
    """
    rows = {}
    for kind, row in TABLE.items():
        own = [v for key, v in rates.factors.items() if key.partition("/")[0] == kind]
        factor = statistics.geometric_mean(own) if own else product / REFERENCE
        rows[kind] = (row[0] * factor, row[1] * factor)
    return rows


if __name__ == "__main__":
    took = multiplying()
    for name, (fixed, by_size) in measured(Rates.stored(), took).items():
        print(f'    "{name}": ({fixed:.3g}, {by_size:.3g}),')
    print(f"REFERENCE = {took:.3g}")
