"""The files that are shipped belong to these sources."""

import unittest

from tinychat import build, chatml, eterm, evaluate, export, generate, gguf
from tinychat.corpus.held_out import HeldOut
from tinychat.model import Shape, Transformer

MODELS = build.REPOSITORY / "priv" / "models"


def plain(value):
    """A metadata value as it is read back from a file."""
    if not isinstance(value, gguf.Typed):
        return value
    return list(value.value[1]) if value.kind == gguf.ARRAY else value.value


class Shipped(unittest.TestCase):

    def test_the_corpus_gives_the_vocabulary_of_the_file(self):
        paraphrases = eterm.consult(build.LISTS / "paraphrases.eterm")
        tokenizer = build.build_tokenizer(HeldOut(question for question, _ in paraphrases))
        metadata, tensors = gguf.read(MODELS / "tiny-chat.gguf")
        expected = export.model_metadata(Shape(len(tokenizer)), tokenizer)
        self.assertEqual(list(metadata), list(expected))
        for name, value in expected.items():
            with self.subTest(name):
                if isinstance(value, float):
                    self.assertAlmostEqual(metadata[name], value, 9)
                else:
                    self.assertEqual(metadata[name], plain(value))
        self.assertEqual({t.dtype.str for t in tensors.values()}, {"<f2", "<f4"})

    def test_the_model_answers(self):
        shape, tokenizer, parameters = evaluate.load(MODELS / "tiny-chat.gguf")
        pairs = eterm.consult(build.LISTS / "questions.eterm")[:8]
        prompts = [chatml.prompt(tokenizer, [("user", question)]) for question, _ in pairs]
        given = generate.answers(Transformer(shape, parameters), tokenizer, prompts)
        self.assertEqual(given, [answer for _, answer in pairs])


if __name__ == "__main__":
    unittest.main()
