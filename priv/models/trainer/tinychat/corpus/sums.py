"""Small sums with the numbers from 0 to 12."""

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
         "ten", "eleven", "twelve")
LARGEST = len(WORDS) - 1

QUESTIONS = {
    "+": ("What is {a} + {b}?", "{a} + {b}", "{a} + {b} = ?", "What is {a} plus {b}?",
          "How much is {a} + {b}?", "How much is {a} plus {b}?", "Add {a} and {b}.",
          "Calculate {a} + {b}.", "What do you get when you add {a} and {b}?",
          "What is the sum of {a} and {b}?", "Can you add {a} and {b}?", "{a}+{b}?",
          "Compute {a} + {b}.", "What does {a} + {b} make?", "Can you tell me {a} + {b}?",
          "I need {a} plus {b}.", "Put {a} and {b} together.", "{a} and {b} make how much?"),
    "-": ("What is {a} - {b}?", "{a} - {b}", "{a} - {b} = ?", "What is {a} minus {b}?",
          "How much is {a} - {b}?", "How much is {a} minus {b}?", "Take {b} from {a}.",
          "Calculate {a} - {b}.", "Subtract {b} from {a}.", "{a}-{b}?",
          "What is left if you take {b} from {a}?", "Compute {a} - {b}.",
          "Can you tell me {a} - {b}?", "I need {a} minus {b}.",
          "What remains of {a} without {b}?"),
    "*": ("What is {a} * {b}?", "{a} * {b}", "{a} * {b} = ?", "What is {a} times {b}?",
          "How much is {a} * {b}?", "How much is {a} times {b}?", "Multiply {a} by {b}.",
          "Calculate {a} * {b}.", "What is the product of {a} and {b}?", "{a}*{b}?",
          "Compute {a} * {b}.", "Can you tell me {a} * {b}?", "I need {a} times {b}.",
          "{a} times {b} makes how much?"),
}

FOLLOW_UPS = {
    "+": ("And {a} + {b}?", "And {a} plus {b}?", "What about {a} + {b}?"),
    "-": ("And {a} - {b}?", "And {a} minus {b}?", "What about {a} - {b}?"),
    "*": ("And {a} * {b}?", "And {a} times {b}?", "What about {a} * {b}?"),
}


def draw(rng):
    """(operator, a, b) such that the result is not negative; products up to 10 * 10."""
    operator = ("+", "+", "-", "*")[rng.integers(4)]
    if operator == "*":
        return operator, int(rng.integers(11)), int(rng.integers(11))
    a, b = int(rng.integers(LARGEST + 1)), int(rng.integers(LARGEST + 1))
    if operator == "-" and a < b:
        a, b = b, a
    return operator, a, b


def answer(operator, a, b):
    """The sum written out with its result."""
    result = {"+": a + b, "-": a - b, "*": a * b}[operator]
    return f"{a} {operator} {b} = {result}."


def question(template, a, b, in_words):
    """The question, its numbers as digits or as words."""
    if in_words:
        return template.format(a=WORDS[a], b=WORDS[b])
    return template.format(a=a, b=b)
