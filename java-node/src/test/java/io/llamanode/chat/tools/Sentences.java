package io.llamanode.chat.tools;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** A grammar in llama.cpp's notation, as the set of texts that it allows: draws some, and tells which are in it. */
final class Sentences {
    private static final int[] ALPHABET =
            "ab1 <>[]{}|/\"'\\\n-_é漢😀".codePoints().toArray();
    private static final int MOST_REPEATS = 3;

    private sealed interface Node {}

    private record Literal(String text) implements Node {}

    /** Pairs of first and last. */
    private record OneOf(boolean negated, List<int[]> ranges) implements Node {
        boolean has(int c) {
            return ranges.stream().anyMatch(range -> c >= range[0] && c <= range[1]) != negated;
        }
    }

    private record Sequence(List<Node> parts) implements Node {}

    private record Choice(List<Node> options) implements Node {}

    private record Repeat(Node part, int least, int most) implements Node {}

    private record Rule(String name) implements Node {}

    private final Map<String, Node> rules = new LinkedHashMap<>();
    private final String grammar;
    private int at;

    /** @param grammar one rule a line */
    Sentences(String grammar) {
        this.grammar = grammar;
        while (skip("\n")) {
            String name = name();
            expect("::=");
            if (rules.put(name, choice()) != null) {
                throw fault("twice " + name);
            }
        }
        if (!rules.keySet().containsAll(names(rules.values().stream()).toList())) {
            throw fault("a rule that is not there");
        }
    }

    private Stream<String> names(Stream<Node> nodes) {
        return nodes.flatMap(node -> switch (node) {
            case Rule(String name) -> Stream.of(name);
            case Sequence(List<Node> parts) -> names(parts.stream());
            case Choice(List<Node> options) -> names(options.stream());
            case Repeat(Node part, int _, int _) -> names(Stream.of(part));
            case Literal _, OneOf _ -> Stream.of();
        });
    }

    private IllegalArgumentException fault(String what) {
        return new IllegalArgumentException(what + " at " + at + " of\n" + grammar);
    }

    /** {@return whether there is more after white space and comments} */
    private boolean skip(String more) {
        while (at < grammar.length()) {
            if (grammar.charAt(at) == '#') {
                at = (grammar + "\n").indexOf('\n', at);
            } else if (grammar.charAt(at) == ' ' || more.indexOf(grammar.charAt(at)) >= 0) {
                at++;
            } else {
                return true;
            }
        }
        return false;
    }

    private boolean accept(char c) {
        boolean found = at < grammar.length() && grammar.charAt(at) == c;
        at += found ? 1 : 0;
        return found;
    }

    private void expect(String text) {
        skip("");
        if (!grammar.startsWith(text, at)) {
            throw fault("no " + text);
        }
        at += text.length();
    }

    private String name() {
        int from = at;
        while (at < grammar.length() && (Character.isLetterOrDigit(grammar.charAt(at)) || grammar.charAt(at) == '-')) {
            at++;
        }
        if (from == at) {
            throw fault("no name");
        }
        return grammar.substring(from, at);
    }

    private Node choice() {
        List<Node> options = new ArrayList<>();
        do {
            options.add(sequence());
        } while (accept('|'));
        return new Choice(options);
    }

    private Node sequence() {
        List<Node> parts = new ArrayList<>();
        while (skip("") && "|)\n".indexOf(grammar.charAt(at)) < 0) {
            parts.add(repeated(single()));
        }
        return new Sequence(parts);
    }

    private Node single() {
        if (accept('"')) {
            StringBuilder text = new StringBuilder();
            while (!accept('"')) {
                text.appendCodePoint(character());
            }
            return new Literal(text.toString());
        }
        if (accept('[')) {
            boolean negated = accept('^');
            List<int[]> ranges = new ArrayList<>();
            while (!accept(']')) {
                int first = character();
                ranges.add(new int[] {first, accept('-') ? character() : first});
            }
            return new OneOf(negated, ranges);
        }
        if (accept('(')) {
            Node inner = choice();
            expect(")");
            return inner;
        }
        return new Rule(name());
    }

    private int character() {
        int c = grammar.codePointAt(at);
        at += Character.charCount(c);
        if (c != '\\') {
            return c;
        }
        char escaped = grammar.charAt(at++);
        return switch (escaped) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case '"', '\\', '[', ']' -> escaped;
            default -> throw fault("unknown escape " + escaped);
        };
    }

    private Node repeated(Node part) {
        if (accept('*')) {
            return new Repeat(part, 0, Integer.MAX_VALUE);
        }
        if (accept('+')) {
            return new Repeat(part, 1, Integer.MAX_VALUE);
        }
        if (accept('?')) {
            return new Repeat(part, 0, 1);
        }
        if (accept('{')) {
            int end = grammar.indexOf('}', at);
            String[] bounds = grammar.substring(at, end).split(",");
            at = end + 1;
            int least = Integer.parseInt(bounds[0]);
            return new Repeat(part, least, bounds.length == 1 ? least : Integer.parseInt(bounds[1]));
        }
        return part;
    }

    /** {@return one of the texts} */
    String draw(Random random) {
        StringBuilder text = new StringBuilder();
        draw(new Rule("root"), random, text);
        return text.toString();
    }

    private void draw(Node node, Random random, StringBuilder text) {
        switch (node) {
            case Literal(String literal) -> text.append(literal);
            case OneOf set -> {
                int[] those = set.negated()
                        ? random.ints(200, 0, ALPHABET.length)
                                .map(i -> ALPHABET[i])
                                .filter(set::has)
                                .toArray()
                        : set.ranges().stream()
                                .flatMapToInt(range -> java.util.stream.IntStream.rangeClosed(range[0], range[1]))
                                .toArray();
                text.appendCodePoint(those[random.nextInt(those.length)]);
            }
            case Sequence(List<Node> parts) -> parts.forEach(part -> draw(part, random, text));
            case Choice(List<Node> options) -> draw(options.get(random.nextInt(options.size())), random, text);
            case Repeat(Node part, int least, int most) -> {
                int range = Math.min(most - least, MOST_REPEATS);
                for (int i = least + random.nextInt(range + 1); i > 0; i--) {
                    draw(part, random, text);
                }
            }
            case Rule(String name) -> draw(rules.get(name), random, text);
        }
    }

    /** {@return whether a text is one of them} */
    boolean has(String text) {
        return ends(new Rule("root"), text, Set.of(0)).contains(text.length());
    }

    private Set<Integer> ends(Node node, String text, Set<Integer> starts) {
        Set<Integer> ends = new HashSet<>();
        switch (node) {
            case Literal(String literal) ->
                starts.stream()
                        .filter(start -> text.startsWith(literal, start))
                        .forEach(start -> ends.add(start + literal.length()));
            case OneOf set ->
                starts.stream()
                        .filter(start -> start < text.length() && set.has(text.codePointAt(start)))
                        .forEach(start -> ends.add(start + Character.charCount(text.codePointAt(start))));
            case Sequence(List<Node> parts) -> {
                Set<Integer> reached = starts;
                for (Node part : parts) {
                    reached = ends(part, text, reached);
                }
                return reached;
            }
            case Choice(List<Node> options) -> options.forEach(option -> ends.addAll(ends(option, text, starts)));
            case Repeat(Node part, int least, int most) -> {
                Set<Integer> reached = starts;
                for (int i = 0; i < least; i++) {
                    reached = ends(part, text, reached);
                }
                ends.addAll(reached);
                for (int i = least; i < most && !reached.isEmpty(); i++) {
                    reached = new HashSet<>(ends(part, text, reached));
                    reached.removeAll(ends);
                    ends.addAll(reached);
                }
            }
            case Rule(String name) -> {
                return starts.isEmpty() ? Set.of() : ends(rules.get(name), text, starts);
            }
        }
        return ends;
    }
}
