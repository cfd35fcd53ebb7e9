"""The training text: what is held out stays out, and facts do not contradict."""

import unittest

import numpy as np

from tinychat import eterm
from tinychat.batches import Document
from tinychat.build import LISTS, fitting
from tinychat.corpus import capitals, stories, sums
from tinychat.corpus.conversation import CONCEPTS, FACTS, Conversations
from tinychat.corpus.held_out import HeldOut, normalised
from tinychat.corpus.paraphrase import TEMPLATES, definition_question

PARAPHRASES = [question for question, _ in eterm.consult(LISTS / "paraphrases.eterm")]


class HoldingOut(unittest.TestCase):

    def test_nothing_drawn_contains_a_held_out_question(self):
        conversations = Conversations(np.random.default_rng(11), HeldOut(PARAPHRASES))
        needles = [normalised(question) for question in PARAPHRASES]
        for _ in range(20000):
            for _, content in conversations.draw():
                text = f" {normalised(content)} "
                self.assertFalse([n for n in needles if f" {n} " in text], content)

    def test_no_written_question_is_held_out(self):
        """The paraphrases are new wordings, not questions that the filter removes."""
        held_out = {normalised(question) for question in PARAPHRASES}
        written = {normalised(q) for fact in FACTS + stories.FACTS for q in fact.questions}
        written |= {normalised(definition_question(t, c)) for t in TEMPLATES for c in CONCEPTS}
        written |= {normalised(t.format(country=c))
                    for t in capitals.QUESTIONS for c in capitals.CAPITALS}
        written |= {normalised(t.format(a=a, b=b)) for a in range(13) for b in range(13)
                    for templates in sums.QUESTIONS.values() for t in templates}
        self.assertEqual(held_out & written, set())

    def test_the_filter_sees_through_case_and_company(self):
        held_out = HeldOut(["What might a slot be?"])
        self.assertTrue(held_out.touches("hi, WHAT might a slot be thanks"))
        self.assertFalse(held_out.touches("What might a slot become?"))


class Text(unittest.TestCase):

    def test_no_question_has_two_answers(self):
        answers = {}
        for fact in FACTS + stories.FACTS:
            for question in fact.questions:
                answers.setdefault(normalised(question), set()).add(fact.answer)
        for template in TEMPLATES:
            for concept in CONCEPTS:
                question = normalised(definition_question(template, concept))
                self.assertNotIn(question, answers)
        self.assertEqual([q for q, given in answers.items() if len(given) > 1], [])

    def test_conversations_longer_than_the_context_are_left_out(self):
        lengths = [len(d.tokens) for d in fitting([Document([0] * n, []) for n in (4, 5, 6)], 4)]
        self.assertEqual(lengths, [4, 5])

    def test_sums_are_right(self):
        self.assertEqual(sums.answer("+", 12, 9), "12 + 9 = 21.")
        self.assertEqual(sums.answer("-", 12, 9), "12 - 9 = 3.")
        self.assertEqual(sums.answer("*", 7, 8), "7 * 8 = 56.")

    def test_the_same_seed_draws_the_same(self):
        first, second = (Conversations(np.random.default_rng(3), HeldOut([])) for _ in range(2))
        self.assertEqual([first.draw() for _ in range(200)], [second.draw() for _ in range(200)])

    def test_listed_questions_are_in_the_training_text(self):
        known = {normalised(q) for fact in FACTS + stories.FACTS for q in fact.questions}
        known |= {normalised(definition_question(t, c)) for t in TEMPLATES for c in CONCEPTS}
        listed = [q for q, _ in eterm.consult(LISTS / "questions.eterm")]
        self.assertGreaterEqual(len([q for q in listed if normalised(q) in known]), 60)


if __name__ == "__main__":
    unittest.main()
