"""Questions that the training text must not contain, so that tests mean something."""

import re


class HeldOut:
    """Recognises a held-out question inside any message.

    Letter case, punctuation and spacing do not make a question a new one, nor
    do words in front of it or behind it.
    """

    def __init__(self, questions):
        self._needles = [f" {normalised(question)} " for question in questions]

    def touches(self, message):
        """Whether the message contains a held-out question."""
        haystack = f" {normalised(message)} "
        return any(needle in haystack for needle in self._needles)


def normalised(text):
    """Lower-case words and signs of arithmetic, single spaces between them."""
    return " ".join(re.findall(r"[a-z0-9_]+|[+*-]", text.lower()))
