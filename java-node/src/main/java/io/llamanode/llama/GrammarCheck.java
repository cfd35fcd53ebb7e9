package io.llamanode.llama;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Refuses the grammars that llama.cpp cannot survive: its parser recurses for every parenthesis and writes
 * repetitions out, so that deep or large ones overflow the stack or the memory of the process.
 */
final class GrammarCheck {

    private static final int MAX_CHARS = 1 << 20;
    private static final int MAX_DEPTH = 200;
    private static final int MAX_RULES = 4096;
    private static final int MAX_REPETITIONS = 2000;
    private static final long MAX_ELEMENTS = 100_000;

    private final String grammar;
    private final Deque<Long> sizes = new ArrayDeque<>(); // Elements of each open parenthesis so far.
    private long size;
    private long lastItem;
    private int rules;
    private int at;

    private GrammarCheck(String grammar) {
        this.grammar = grammar;
    }

    /**
     * Checks that a grammar is one.
     *
     * @throws GrammarException when it is malformed or too large
     */
    static void check(LlamaLibrary library, Vocab vocab, String grammar) {
        if (grammar.isBlank()) {
            throw new GrammarException("The grammar is empty");
        }
        if (grammar.length() > MAX_CHARS) {
            throw new GrammarException("The grammar has " + grammar.length() + " characters; at most " + MAX_CHARS
                    + " are accepted");
        }
        if (grammar.indexOf('\0') >= 0) {
            throw new GrammarException("The grammar contains a NUL character");
        }
        new GrammarCheck(grammar).scan();
        try (Arena arena = Arena.ofConfined()) {
            boolean parses = library.grammars.parses(
                    vocab.pointer(),
                    arena.allocateFrom(grammar, StandardCharsets.UTF_8),
                    arena.allocateFrom("root"));
            if (!parses) {
                throw new GrammarException("The grammar does not parse, refers to a rule that is missing, is"
                        + " left-recursive, or has no rule named root");
            }
        }
    }

    private void scan() {
        while (at < grammar.length()) {
            char c = grammar.charAt(at++);
            switch (c) {
                case '#' -> skipTo('\n', false);
                case '"' -> item(skipTo('"', true));
                case '[' -> item(skipTo(']', true));
                case '(' -> open();
                case ')' -> close();
                case '{' -> repeat();
                case ':' -> rule();
                default -> {
                    if (Character.isLetterOrDigit(c) || c == '.') {
                        item(1);
                    }
                }
            }
        }
    }

    /** Moves behind a delimiter and tells how many characters stood before it. */
    private int skipTo(char end, boolean escapes) {
        int start = at;
        while (at < grammar.length() && grammar.charAt(at) != end) {
            at += escapes && grammar.charAt(at) == '\\' ? 2 : 1;
        }
        at = Math.min(at + 1, grammar.length());
        return at - start;
    }

    private void item(long elements) {
        size += elements;
        lastItem = elements;
        if (size > MAX_ELEMENTS) {
            throw new GrammarException("The grammar has more than " + MAX_ELEMENTS + " elements, repetitions included");
        }
    }

    private void open() {
        if (sizes.size() == MAX_DEPTH) {
            throw new GrammarException("The grammar nests parentheses more than " + MAX_DEPTH + " deep");
        }
        sizes.push(size);
        size = 0;
    }

    private void close() {
        if (!sizes.isEmpty()) { // llama.cpp tells the syntax error.
            long group = size;
            size = sizes.pop();
            item(group);
        }
    }

    private void repeat() {
        int start = at;
        skipTo('}', false);
        String[] bounds = grammar.substring(start, at).split("[,}]");
        long most = 1;
        for (String bound : bounds) {
            String digits = bound.strip();
            if (!digits.isEmpty() && digits.chars().allMatch(Character::isDigit)) {
                long value = digits.length() > 9 ? Long.MAX_VALUE : Long.parseLong(digits);
                if (value > MAX_REPETITIONS) {
                    throw new GrammarException("The grammar repeats an item " + digits + " times; at most "
                            + MAX_REPETITIONS + " are accepted");
                }
                most = Math.max(most, value);
            }
        }
        long before = lastItem;
        item(lastItem * (most - 1));
        lastItem = before * most;
    }

    private void rule() {
        if (grammar.startsWith(":=", at)) {
            rules++;
            if (rules > MAX_RULES) {
                throw new GrammarException("The grammar has more than " + MAX_RULES + " rules");
            }
        }
    }
}
