"""Answers of a model, many prompts at once, by NumPy alone."""

import numpy as np


def answers(transformer, tokenizer, prompts, temperature=0.0, seed=0):
    """The generated text of each prompt (token lists), up to the end-of-turn token.

    Temperature 0 takes the most probable token. Every step runs the whole
    sequences again: slow, and plain enough to be the yardstick for llama.cpp.
    """
    rng = np.random.default_rng(seed)
    sequences = [list(prompt) for prompt in prompts]
    running = [i for i, s in enumerate(sequences) if len(s) < transformer.shape.context]
    while running:
        scores = _next_scores(transformer, [sequences[i] for i in running])
        chosen = _choose(scores, temperature, rng)
        for i, token in zip(running, chosen):
            sequences[i].append(int(token))
        running = [i for i in running if sequences[i][-1] != tokenizer.im_end
                   and len(sequences[i]) < transformer.shape.context]
    return [tokenizer.decode(s[len(p):]) for s, p in zip(sequences, prompts)]


def pooled(transformer, tokens):
    """Mean of the final states of one text (width), as llama.cpp's mean pooling."""
    states, _ = transformer.hidden(*right_padded([tokens]))
    return states[0].mean(axis=0)


def _next_scores(transformer, sequences):
    states, _ = transformer.hidden(*right_padded(sequences))
    last = states[np.arange(len(sequences)), [len(s) - 1 for s in sequences]]
    return last @ transformer.parameters["token_embd.weight"].T


def _choose(scores, temperature, rng):
    if temperature == 0.0:
        return scores.argmax(axis=-1)
    noise = rng.gumbel(size=scores.shape)
    return (scores / temperature + noise).argmax(axis=-1)


def right_padded(sequences):
    """Right-padded arrays: causal attention keeps the padding out of sight."""
    length = max(len(s) for s in sequences)
    tokens = np.zeros((len(sequences), length), np.int64)
    for row, sequence in enumerate(sequences):
        tokens[row, :len(sequence)] = sequence
    positions = np.broadcast_to(np.arange(length), tokens.shape)
    return tokens, positions, np.zeros_like(tokens)
