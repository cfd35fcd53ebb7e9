"""Byte-pair tokenizer with byte fallback, exactly as llama.cpp's "llama" (SPM) vocabulary.

A space is written U+2581 inside pieces. No space is put in front of a text
(add_space_prefix is false). Merging is greedy by score: of all neighbouring
symbols whose concatenation is a piece, the pair with the highest score joins
first, the leftmost of equals. A character that is no piece becomes its UTF-8
bytes.
"""

import enum
import re

SPACE = "\u2581"
UNKNOWN, BOS, IM_START, IM_END = "<unk>", "<s>", "<|im_start|>", "<|im_end|>"

# No learned piece reaches across these boundaries, so words can be merged one
# at a time and remembered.
WORD = re.compile(f"{SPACE}?[A-Za-z]+|.", re.DOTALL)


class Kind(enum.IntEnum):
    """Values of tokenizer.ggml.token_type."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    BYTE = 6


class Tokenizer:
    """A vocabulary, built from an ordered list of learned pieces."""

    def __init__(self, merges):
        """merges: learned pieces, best first."""
        self.merges = list(merges)
        entries = [(UNKNOWN, 0.0, Kind.UNKNOWN)]
        entries += [(name, 0.0, Kind.CONTROL) for name in (BOS, IM_START, IM_END)]
        entries += [(f"<0x{byte:02X}>", 0.0, Kind.BYTE) for byte in range(256)]
        ranked = self.merges + base_characters()
        entries += [(piece, -float(rank), Kind.NORMAL) for rank, piece in enumerate(ranked, 1)]
        self.pieces = [piece for piece, _, _ in entries]
        self.scores = [score for _, score, _ in entries]
        self.kinds = [kind for _, _, kind in entries]
        self._ids = {piece: i for i, piece in enumerate(self.pieces)}
        self._normal = {piece: i for i, piece in enumerate(self.pieces)
                        if self.kinds[i] is Kind.NORMAL}
        self._words = {}
        self.bos = self._ids[BOS]
        self.im_start = self._ids[IM_START]
        self.im_end = self._ids[IM_END]

    def __len__(self):
        return len(self.pieces)

    def encode(self, text):
        """Token ids of plain text; what looks like a control token is only text."""
        ids = []
        for word in WORD.findall(text.replace(" ", SPACE)):
            if word not in self._words:
                self._words[word] = self._encode_word(word)
            ids += self._words[word]
        return ids

    def decode(self, ids):
        """Text of token ids; control tokens vanish, broken UTF-8 is replaced."""
        raw = b"".join(self.piece_bytes(i) for i in ids)
        return raw.decode("utf-8", errors="replace")

    def piece_bytes(self, token):
        """The bytes that one token stands for."""
        if self.kinds[token] is Kind.BYTE:
            return bytes([int(self.pieces[token][3:5], 16)])
        if self.kinds[token] is Kind.NORMAL:
            return self.pieces[token].replace(SPACE, " ").encode("utf-8")
        return b""

    def _encode_word(self, word):
        symbols = list(word)
        while True:
            best = None
            for left in range(len(symbols) - 1):
                token = self._normal.get(symbols[left] + symbols[left + 1])
                if token is not None and (best is None or self.scores[token] > best[0]):
                    best = (self.scores[token], left)
            if best is None:
                break
            left = best[1]
            symbols[left:left + 2] = [symbols[left] + symbols[left + 1]]
        ids = []
        for symbol in symbols:
            if symbol in self._normal:
                ids.append(self._normal[symbol])
            else:
                ids += [self._ids[f"<0x{byte:02X}>"] for byte in symbol.encode("utf-8")]
        return ids


def base_characters():
    """Printable ASCII, the space as U+2581; everything else falls back to bytes."""
    return [SPACE] + [chr(code) for code in range(0x21, 0x7F)]
