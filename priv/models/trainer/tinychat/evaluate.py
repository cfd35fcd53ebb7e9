"""Runs the lists of the test suite through an exported model, with NumPy."""

import argparse
import pathlib

import numpy as np

from . import chatml, eterm, generate, gguf, lora
from .build import LISTS, REPOSITORY
from .model import Shape, Transformer
from .tokenizer import Kind, Tokenizer, base_characters


def main():
    """Prints what is wrong in each list, and the rates."""
    options = arguments()
    shape, tokenizer, parameters = load(options.models / "tiny-chat.gguf")
    plain = Transformer(shape, parameters)
    alpha, factors = load_adapter(options.models / "tiny-chat-lora.gguf")
    adapted = Transformer(shape, lora.merged(parameters, factors, alpha))
    questions = eterm.consult(options.lists / "questions.eterm")
    single(plain, tokenizer, "questions", questions)
    single(plain, tokenizer, "paraphrases", eterm.consult(options.lists / "paraphrases.eterm"))
    several(plain, tokenizer, eterm.consult(options.lists / "conversations.eterm"))
    single(adapted, tokenizer, "adapter", eterm.consult(options.lists / "adapter.eterm"))
    single(adapted, tokenizer, "questions with the adapter", questions)
    warm(plain, tokenizer, eterm.consult(options.lists / "topics.eterm"))
    nearness(plain, tokenizer, eterm.consult(options.lists / "nearness.eterm"))


def arguments():
    """Command line of the evaluation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=pathlib.Path, default=REPOSITORY / "priv" / "models")
    parser.add_argument("--lists", type=pathlib.Path, default=LISTS)
    return parser.parse_args()


def load(path):
    """(shape, tokenizer, parameters) of an exported chat model."""
    metadata, tensors = gguf.read(path)
    pieces, kinds = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
    normal = [piece for piece, kind in zip(pieces, kinds) if kind == Kind.NORMAL]
    tokenizer = Tokenizer(normal[:-len(base_characters())])
    shape = Shape(
        vocabulary=len(pieces),
        context=metadata["llama.context_length"],
        width=metadata["llama.embedding_length"],
        blocks=metadata["llama.block_count"],
        heads=metadata["llama.attention.head_count"],
        hidden=metadata["llama.feed_forward_length"],
        rope_base=metadata["llama.rope.freq_base"],
        epsilon=metadata["llama.attention.layer_norm_rms_epsilon"])
    return shape, tokenizer, {n: t.astype(np.float32) for n, t in tensors.items()}


def load_adapter(path):
    """(alpha, factors (a, b) by matrix name) of an exported adapter."""
    metadata, tensors = gguf.read(path)
    names = [name[:-len(".lora_a")] for name in tensors if name.endswith(".lora_a")]
    factors = {name: (tensors[name + ".lora_a"], tensors[name + ".lora_b"]) for name in names}
    return metadata["adapter.lora.alpha"], factors


def single(transformer, tokenizer, title, pairs):
    """Greedy answers to single questions, compared to the word."""
    prompts = [chatml.prompt(tokenizer, [("user", question)]) for question, _ in pairs]
    given = generate.answers(transformer, tokenizer, prompts)
    right = 0
    for (question, expected), answer in zip(pairs, given):
        right += answer == expected
        if answer != expected:
            print(f"  {question!r}: {answer!r}, expected {expected!r}")
    print(f"{title}: {right} of {len(pairs)} right")


def several(transformer, tokenizer, conversations):
    """Greedy answers to every turn, each turn on top of the given answers."""
    right = total = 0
    for conversation in conversations:
        messages = []
        for question, expected in conversation:
            messages.append(("user", question))
            (answer,) = generate.answers(
                transformer, tokenizer, [chatml.prompt(tokenizer, messages)])
            messages.append(("assistant", answer))
            total += 1
            right += answer == expected
            if answer != expected:
                print(f"  {question!r}: {answer!r}, expected {expected!r}")
    print(f"turns of conversations: {right} of {total} right")


def warm(transformer, tokenizer, topics):
    """Fifty answers at temperature 0.8; on topic means that a key word is in it."""
    tries = [topics[i % len(topics)] for i in range(50)]
    prompts = [chatml.prompt(tokenizer, [("user", question)]) for question, _ in tries]
    given = generate.answers(transformer, tokenizer, prompts, temperature=0.8, seed=1)
    right = 0
    for (question, words), answer in zip(tries, given):
        hit = any(word in answer for word in words)
        right += hit
        if not hit:
            print(f"  {question!r}: {answer!r}")
    print(f"at temperature 0.8: {right} of {len(tries)} on topic")


def nearness(transformer, tokenizer, triples):
    """Whether the pooled vector of a paraphrase is nearer than that of another question."""
    right, near, far = 0, [], []
    for triple in triples:
        anchor, paraphrase, other = (unit(generate.pooled(
            transformer, [tokenizer.bos] + tokenizer.encode(text))) for text in triple)
        near.append(float(anchor @ paraphrase))
        far.append(float(anchor @ other))
        right += near[-1] > far[-1]
    print(f"nearness: {right} of {len(triples)} right, mean cosine {np.mean(near):.3f} "
          f"to a paraphrase, {np.mean(far):.3f} to another question")


def unit(vector):
    """The vector at length one."""
    return vector / np.linalg.norm(vector)


if __name__ == "__main__":
    main()
