"""Learns the merges of the tokenizer from text."""

from collections import Counter

from .tokenizer import SPACE, WORD


def learn_merges(texts, count):
    """The pieces of the `count` most frequent merges, in the order learned.

    Merges stay inside words; of equally frequent pairs the alphabetically
    first wins, so that the result depends on the texts alone.
    """
    frequency = Counter()
    for text in texts:
        frequency.update(WORD.findall(text.replace(" ", SPACE)))
    words = [(list(word), number) for word, number in sorted(frequency.items()) if len(word) > 1]
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for symbols, number in words:
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += number
        if not pairs:
            raise ValueError(f"the text has only {len(merges)} merges, {count} are wanted")
        pair = min(pairs, key=lambda p: (-pairs[p], p))
        piece = "".join(pair)
        # Two different splits may form one piece; it is one vocabulary entry.
        if piece not in merges:
            merges.append(piece)
        for symbols, _ in words:
            _join(symbols, pair, piece)
    return merges


def _join(symbols, pair, piece):
    """Replaces every occurrence of the pair, from the left, in place."""
    left = 0
    while left < len(symbols) - 1:
        if (symbols[left], symbols[left + 1]) == pair:
            symbols[left:left + 2] = [piece]
        left += 1
