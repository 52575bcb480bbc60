"""Errors that are the user's to mend: one sentence, exit code 2, no traceback."""


class UserError(Exception):
    """Something the user gave cannot be used.

    Args:
        expected: what would have been right.
        received: what was there instead.
        remedy: what to do now; may be empty where the first two say it.

    Example:
        >>> str(UserError("a whole number", "x", "Write 3."))
        'Expected a whole number. Received x. Write 3.'
    """

    def __init__(self, expected: str, received: object, remedy: str = "") -> None:
        self.expected = expected
        self.received = str(received)
        self.remedy = remedy
        sentence = f"Expected {expected}. Received {self.received}."
        super().__init__(f"{sentence} {remedy}".rstrip())

    def __reduce__(self) -> tuple[type["UserError"], tuple[str, str, str]]:
        # Exceptions are rebuilt from their one message by default, which takes two here.
        return UserError, (self.expected, self.received, self.remedy)
