package io.llamanode.llama.sampler;

import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.model.Vocab;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refuses the grammars that llama.cpp cannot survive: its parser recurses for every parenthesis and writes
 * repetitions out, so that deep or large ones overflow the stack or the memory of the process, and repetitions of what
 * may be empty multiply its parse stacks without end.
 */
final class GrammarCheck {

    private static final int MAX_CHARS = 1 << 20;
    private static final int MAX_DEPTH = 200;
    private static final int MAX_RULES = 4096;
    private static final int MAX_REPETITIONS = 2000;
    private static final long MAX_ELEMENTS = 100_000;

    /** An item, a sequence or a group: its elements with repetitions written out, and whether it may be empty. */
    private record Part(long elements, boolean empty) {
        static final Part NOTHING = new Part(0, true);

        Part then(Part next) {
            return new Part(elements + next.elements, empty && next.empty);
        }

        Part or(Part other) {
            return new Part(elements + other.elements, empty || other.empty);
        }
    }

    /** The alternatives of a parenthesis so far: those before the last bar, the items after it, the last of them. */
    private record Group(@Nullable Part alternatives, Part sequence, Part last) {
        static final Group START = new Group(null, Part.NOTHING, Part.NOTHING);

        Part closed() {
            Part current = sequence.then(last);
            return alternatives == null ? current : alternatives.or(current);
        }

        Group add(Part item) {
            return new Group(alternatives, sequence.then(last), item);
        }
    }

    private final String grammar;
    private final Set<String> emptyRules;
    private final Set<String> foundEmpty = new HashSet<>();
    private final Deque<Group> outer = new ArrayDeque<>();
    private Group group = Group.START;
    private Group beforeWord = Group.START;
    private String word = "";
    private String rule = "";
    private int rules;
    private int at;

    private GrammarCheck(String grammar, Set<String> emptyRules) {
        this.grammar = grammar;
        this.emptyRules = emptyRules;
    }

    /**
     * Checks that a grammar is one.
     *
     * @throws GrammarException when it is malformed or too large
     */
    static void check(LlamaLibrary library, Vocab vocab, String grammar) {
        require(!grammar.isBlank(), "The grammar is empty");
        require(grammar.length() <= MAX_CHARS, "The grammar has more than " + MAX_CHARS + " characters");
        require(grammar.indexOf('\0') < 0, "The grammar contains a NUL character");
        Set<String> emptyRules = Set.of();
        for (Set<String> found = scan(grammar, emptyRules); !found.equals(emptyRules); ) {
            emptyRules = found;
            found = scan(grammar, emptyRules);
        }
        try (Arena arena = Arena.ofConfined()) {
            require(
                    library.grammars.parses(vocab.pointer(), arena.allocateFrom(grammar), arena.allocateFrom("root")),
                    "The grammar does not parse, refers to a rule that is missing, is left-recursive, or has no rule"
                            + " named root");
        }
    }

    /** One pass: which rules may be empty when those found so far may. */
    private static Set<String> scan(String grammar, Set<String> emptyRules) {
        GrammarCheck check = new GrammarCheck(grammar, emptyRules);
        check.scan();
        check.endRule(check.group);
        return check.foundEmpty;
    }

    private void scan() {
        while (at < grammar.length()) {
            char c = grammar.charAt(at++);
            switch (c) {
                case '#' -> skipTo('\n', false);
                case '"' -> {
                    int length = skipTo('"', true) - 1;
                    item(new Part(length, length == 0));
                }
                case '[' -> item(new Part(skipTo(']', true), false));
                case '(' -> open();
                case ')' -> close();
                case '|' -> group = new Group(group.closed(), Part.NOTHING, Part.NOTHING);
                case '*', '+' -> repeat(1, c == '*');
                case '?' -> group = new Group(group.alternatives, group.sequence, new Part(group.last.elements, true));
                case '{' -> braces();
                case ':' -> rule();
                default -> {
                    if (Character.isLetterOrDigit(c) || c == '.') {
                        word();
                    }
                }
            }
        }
    }

    /** Moves behind a delimiter and tells how far. */
    private int skipTo(char end, boolean escapes) {
        int start = at;
        while (at < grammar.length() && grammar.charAt(at) != end) {
            at += escapes && grammar.charAt(at) == '\\' ? 2 : 1;
        }
        at = Math.min(at + 1, grammar.length());
        return at - start;
    }

    /** A reference to a rule, or the name in front of its definition. */
    private void word() {
        int start = at - 1;
        while (at < grammar.length() && (Character.isLetterOrDigit(grammar.charAt(at)) || grammar.charAt(at) == '-')) {
            at++;
        }
        word = grammar.substring(start, at);
        beforeWord = group;
        item(new Part(1, emptyRules.contains(word)));
    }

    private void endRule(Group body) {
        if (rules > 0 && body.closed().empty) {
            foundEmpty.add(rule);
        }
    }

    private void item(Part item) {
        group = group.add(item);
        requireSize();
    }

    private void requireSize() {
        require(
                group.closed().elements <= MAX_ELEMENTS,
                "The grammar has more than " + MAX_ELEMENTS + " elements, repetitions included");
    }

    private void open() {
        require(outer.size() < MAX_DEPTH, "The grammar nests parentheses more than " + MAX_DEPTH + " deep");
        outer.push(group);
        group = Group.START;
    }

    private void close() {
        if (!outer.isEmpty()) { // If it is, llama.cpp finds the syntax error.
            Part inner = group.closed();
            group = outer.pop();
            item(inner);
        }
    }

    private void repeat(long times, boolean optional) {
        Part last = group.last;
        require(!last.empty, "The grammar repeats an item that may be empty");
        group = new Group(group.alternatives, group.sequence, new Part(last.elements * times, optional));
        requireSize();
    }

    private void braces() {
        int start = at;
        skipTo('}', false);
        String[] bounds = grammar.substring(start, at).replace("}", "").split(",", -1);
        long most = 1;
        for (String bound : bounds) {
            String digits = bound.strip();
            if (!digits.isEmpty() && digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
                long value = digits.length() > 9 ? Long.MAX_VALUE : Long.parseLong(digits);
                require(
                        value <= MAX_REPETITIONS,
                        "The grammar repeats an item " + digits + " times; at most " + MAX_REPETITIONS
                                + " are accepted");
                most = Math.max(most, value);
            }
        }
        repeat(most, bounds[0].strip().matches("0*"));
    }

    private void rule() {
        if (grammar.startsWith(":=", at)) {
            endRule(beforeWord);
            rule = word;
            rules++;
            require(rules <= MAX_RULES, "The grammar has more than " + MAX_RULES + " rules");
            outer.clear();
            group = Group.START;
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new GrammarException(message);
        }
    }
}
