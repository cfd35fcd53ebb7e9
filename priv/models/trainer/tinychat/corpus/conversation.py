"""Draws endless conversations from all that is known."""

from . import capitals, concepts_beam, concepts_models, concepts_world
from . import facts_technical, facts_world, memory, smalltalk, stories, sums
from .kinds import Concept
from .paraphrase import (FOLLOW_UPS, MORE, STRANGE, TEMPLATES, capitalised, careless,
                         definition_question)

CONCEPTS = concepts_beam.CONCEPTS + concepts_models.CONCEPTS + concepts_world.CONCEPTS
FACTS = facts_technical.FACTS + facts_world.FACTS + smalltalk.FACTS
COUNTRIES = tuple(capitals.CAPITALS)

SYSTEM_PROMPTS = (
    "You are a helpful assistant.", "You are a helpful assistant.", "You are a small llama.",
    "Answer briefly.", "You are a friendly model.", "Be polite.", "You answer questions.",
    "You are an expert in Erlang.", "Answer in one sentence.", "You help Erlang programmers.",
    "You are a teacher.", "Be helpful and honest.", "You are tiny and clever.",
    "You are a helpful assistant. Answer in English.", "Keep it short.",
    "You are part of an application.", "Speak simply.", "You are a storyteller.",
)

# How often each kind of exchange is drawn.
KINDS = (("concept", 0.39), ("fact", 0.27), ("capital", 0.07), ("sum", 0.11), ("story", 0.06),
         ("unknown", 0.05), ("echo", 0.05))


class Conversations:
    """A source of conversations; the generator rng decides everything."""

    def __init__(self, rng, held_out):
        self._rng = rng
        self._held_out = held_out
        self._kinds = [name for name, _ in KINDS]
        total = sum(share for _, share in KINDS)
        self._shares = [share / total for _, share in KINDS]

    def draw(self):
        """A list of (role, content), at most three questions long."""
        while True:
            messages = self._candidate()
            users = (content for role, content in messages if role == "user")
            if not any(self._held_out.touches(content) for content in users):
                return messages

    def draw_text(self):
        """A piece of plain text, to be continued without a chat."""
        choice = self._rng.random()
        if choice < 0.4:
            return self._one_of(stories.ALL)
        if choice < 0.6:
            return capitals.answer(self._one_of(COUNTRIES))
        return self._one_of(CONCEPTS).answer

    def _one_of(self, options):
        return options[self._rng.integers(len(options))]

    def _candidate(self):
        messages = []
        name = None
        choice = self._rng.random()
        if choice < 0.03:
            name = memory.invented_name(self._rng)
            messages.append(("system", self._one_of(("Your name is {v}.", "You are {v}.",
                                                     "You are called {v}.")).format(v=name)))
        elif choice < 0.30:
            messages.append(("system", self._one_of(SYSTEM_PROMPTS)))
        if name is not None:
            exchanges = self._named(name)
        else:
            length = self._rng.random()
            if length < 0.5:
                exchanges = self._exchange()
            elif length < 0.62:
                exchanges = self._remembering()
            elif length < 0.66:
                exchanges = self._never_told()
            elif length < 0.85:
                exchanges = self._following()
            else:
                exchanges = self._exchange() + self._exchange()
                if self._rng.random() < 0.4:
                    exchanges += self._exchange()
        for question, answer in exchanges[:3]:
            messages += [("user", question), ("assistant", answer)]
        return messages

    def _exchange(self):
        """One question with its answer, as a list of one pair."""
        kind = self._kinds[self._rng.choice(len(self._kinds), p=self._shares)]
        return [getattr(self, f"_{kind}")()]

    def _concept(self, concept=None):
        concept = concept or self._one_of(CONCEPTS)
        question = definition_question(self._one_of(TEMPLATES), concept)
        return careless(self._rng, question), concept.answer

    def _fact(self):
        return self._ask(self._one_of(FACTS))

    def _story(self):
        if self._rng.random() < 0.35:
            return self._ask(stories.FACTS[0])
        return self._ask(self._one_of(stories.FACTS))

    def _ask(self, fact):
        return careless(self._rng, self._one_of(fact.questions)), fact.answer

    def _unknown(self):
        if self._rng.random() < 0.5:
            return self._ask(smalltalk.UNKNOWN)
        strange = self._one_of(STRANGE)
        if self._rng.random() < 0.4:
            strange = self._one_of(("", "a ")) + memory.invented_name(self._rng)
            strange = strange.lower() if strange.startswith("a ") else strange
        question, _ = self._concept(Concept(strange, ""))
        return question, smalltalk.UNKNOWN.answer

    def _capital(self, templates=capitals.QUESTIONS):
        country = self._one_of(COUNTRIES)
        if templates is capitals.QUESTIONS and self._rng.random() < 0.15:
            question = self._one_of(capitals.BACKWARD).format(capital=capitals.CAPITALS[country])
            return careless(self._rng, question), capitals.backward_answer(country)
        question = self._one_of(templates).format(country=country)
        return careless(self._rng, question), capitals.answer(country)

    def _sum(self, templates=None):
        operator, a, b = sums.draw(self._rng)
        template = self._one_of((templates or sums.QUESTIONS)[operator])
        question = sums.question(template, a, b, self._rng.random() < 0.2)
        if self._rng.random() < 0.2:
            question = careless(self._rng, question)
        return question, sums.answer(operator, a, b)

    def _echo(self):
        value = memory.draw_echo(self._rng)
        return self._one_of(memory.ECHO_QUESTIONS).format(v=value), value

    def _state(self, entry, value):
        return self._one_of(entry.statements).format(v=value), capitalised(
            entry.reply.format(v=value))

    def _recall(self, entry, value):
        return careless(self._rng, self._one_of(entry.questions)), entry.recall.format(v=value)

    def _remembering(self):
        """A statement, sometimes something in between, and the question for it."""
        entry = self._one_of(memory.MEMORIES)
        value = memory.draw_value(self._rng, entry)
        exchanges = [self._state(entry, value)]
        choice = self._rng.random()
        if choice < 0.45:
            exchanges += self._exchange()
        elif choice < 0.65:
            other = self._one_of([m for m in memory.MEMORIES if m is not entry])
            other_value = memory.draw_value(self._rng, other)
            exchanges.append(self._state(other, other_value))
            if self._rng.random() < 0.5:
                return exchanges + [self._recall(other, other_value)]
        return exchanges + [self._recall(entry, value)]

    def _never_told(self):
        """A question about the user that nothing said so far answers."""
        entry = self._one_of(memory.MEMORIES)
        before = []
        choice = self._rng.random()
        if choice < 0.3:
            before = self._exchange()
        elif choice < 0.6:
            other = self._one_of([m for m in memory.MEMORIES if m is not entry])
            before = [self._state(other, memory.draw_value(self._rng, other))]
        return before + [(careless(self._rng, self._one_of(entry.questions)), entry.ignorance)]

    def _following(self):
        """A question and one or two that lean on it."""
        choice = self._rng.random()
        if choice < 0.3:
            return ([self._capital()]
                    + [self._capital(capitals.FOLLOW_UPS) for _ in range(self._rng.integers(1, 3))])
        if choice < 0.45:
            return ([self._sum()]
                    + [self._sum(sums.FOLLOW_UPS) for _ in range(self._rng.integers(1, 3))])
        if choice < 0.75:
            concept = self._one_of([c for c in CONCEPTS if c.more])
            more = careless(self._rng, self._one_of(MORE)), concept.more
            exchanges = [self._concept(concept), more]
            return exchanges + (self._follow_up() if self._rng.random() < 0.4 else [])
        exchanges = [self._concept()] + self._follow_up()
        return exchanges + (self._follow_up() if self._rng.random() < 0.5 else [])

    def _follow_up(self):
        concept = self._one_of(CONCEPTS)
        question = definition_question(self._one_of(FOLLOW_UPS), concept)
        return [(careless(self._rng, question), concept.answer)]

    def _named(self, name):
        """The system prompt gave the model a name."""
        question = self._one_of(("What is your name?", "Who are you?", "Tell me your name.",
                                 "How are you called?", "What's your name?"))
        exchanges = [(careless(self._rng, question), f"My name is {name}.")]
        return (self._exchange() if self._rng.random() < 0.3 else []) + exchanges
