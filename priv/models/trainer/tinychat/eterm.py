"""Reads the Erlang terms of the test lists: tuples, lists and UTF-8 binaries."""

import re

TOKEN = re.compile(r'<<"((?:[^"\\]|\\.)*)"(?:/utf8)?>>|([{}\[\],.])|%[^\n]*|\s+', re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t"}


def consult(path):
    """The terms of a file, as file:consult/1 would give them: tuples, lists, str."""
    with open(path, encoding="utf-8") as file:
        tokens = _tokens(file.read(), path)
    terms = []
    while tokens:
        terms.append(_term(tokens))
        if tokens.pop(0) != ("mark", "."):
            raise ValueError(f"{path}: a term does not end with a full stop")
    return terms


def _tokens(text, path):
    tokens, position = [], 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"{path}: cannot read {text[position:position + 30]!r}")
        if match[1] is not None:
            tokens.append(("binary", re.sub(r"\\(.)", _unescape, match[1])))
        elif match[2] is not None:
            tokens.append(("mark", match[2]))
        position = match.end()
    return tokens


def _unescape(match):
    return ESCAPES.get(match[1], match[1])


def _term(tokens):
    kind, value = tokens.pop(0)
    if kind == "binary":
        return value
    closing = {"{": "}", "[": "]"}[value]
    items = []
    while tokens[0] != ("mark", closing):
        items.append(_term(tokens))
        if tokens[0] == ("mark", ","):
            tokens.pop(0)
    tokens.pop(0)
    return tuple(items) if value == "{" else items
