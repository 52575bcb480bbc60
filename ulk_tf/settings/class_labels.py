"""Labels of classes as flags name them."""

from ulk_tf.errors import UserError


def parse_classes(text: str, flag: str = "--classes") -> tuple[int, ...]:
    """Parse labels of classes, written as `0-4` or `0,2,7`, and return them ascending.

    Args:
        text: whole numbers and ranges, separated by commas.
        flag: the flag that has the text, for the error.

    Raises:
        UserError: the text is not such a list, or a range goes down.
    """
    labels: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        fine = first.isdecimal() and (last.isdecimal() if dash else True)
        if not fine or int(last or first) < int(first):
            raise UserError(f"{flag} as labels and ranges, such as 0-4 or 0,2,7", repr(text))
        labels.update(range(int(first), int(last or first) + 1))
    return tuple(sorted(labels))
