"""The two shapes in which knowledge is written down."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Concept:
    """Something that has a definition; questions about it come from templates.

    name stands in a sentence as it is, with its article ("a slot").
    """

    name: str
    answer: str
    more: str = ""

    @property
    def bare(self):
        """The name without its article."""
        for article in ("a ", "an ", "the "):
            if self.name.startswith(article):
                return self.name[len(article):]
        return self.name


@dataclass(frozen=True)
class Fact:
    """One answer and the questions, written out, that ask for it."""

    answer: str
    questions: tuple


def fact(answer, *questions):
    """A Fact, without the parentheses of a tuple."""
    return Fact(answer, questions)
