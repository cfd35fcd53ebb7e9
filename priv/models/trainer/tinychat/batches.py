"""Packs tokenized documents into rows of fixed length."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Document:
    """Tokens of one conversation, and the weight of the loss of predicting each."""

    tokens: list
    weights: list

    def inputs(self):
        """Number of positions it takes in a row: the last token is only a target."""
        return len(self.tokens) - 1


@dataclass(frozen=True)
class Batch:
    """Arrays (rows, length): weights are 0 where nothing is to be predicted."""

    tokens: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    positions: np.ndarray
    segments: np.ndarray

    def split(self, parts):
        """Equal slices of rows."""
        def cut(array):
            return np.array_split(array, parts)
        return [Batch(*arrays) for arrays in zip(
            cut(self.tokens), cut(self.targets), cut(self.weights),
            cut(self.positions), cut(self.segments))]


def pack(documents, rows, length):
    """Yields batches for ever from an endless iterator of documents.

    First fit: a document goes to the first row with room. A batch is given
    out once a document fits nowhere; that document opens the next batch.
    Documents that are too long for a row are an error of the corpus.
    """
    open_rows = [[] for _ in range(rows)]
    for document in documents:
        if document.inputs() > length:
            raise ValueError(f"document of {len(document.tokens)} tokens, rows hold {length}")
        for row in open_rows:
            if sum(d.inputs() for d in row) + document.inputs() <= length:
                row.append(document)
                break
        else:
            yield build(open_rows, length)
            open_rows = [[] for _ in range(rows)]
            open_rows[0].append(document)


def build(rows, length):
    """One batch of rows, each a list of documents that fit together."""
    shape = (len(rows), length)
    tokens, targets = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    positions, segments = np.zeros(shape, np.int64), np.full(shape, -1, np.int64)
    weights = np.zeros(shape, np.float32)
    for r, row in enumerate(rows):
        start = 0
        for number, document in enumerate(row):
            end = start + document.inputs()
            tokens[r, start:end] = document.tokens[:-1]
            targets[r, start:end] = document.tokens[1:]
            weights[r, start:end] = document.weights[1:]
            positions[r, start:end] = np.arange(document.inputs())
            segments[r, start:end] = number
            start = end
    return Batch(tokens, targets, weights, positions, segments)
