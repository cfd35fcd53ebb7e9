package io.llamanode.grammar.gbnf;

import java.util.List;
import java.util.Random;

/** Texts that are grammars, nearly grammars, or none: most short, some up to the bound. */
final class RandomGbnf {
    private static final String SIGNS = "\"[](){}|*+?.^-,\\#<>!:=\n\r\t abxyz0129\0é\u20ac";
    private static final List<String> WORDS = List.of(
            "::=",
            "root",
            "r0",
            "r1",
            "::= |",
            "{3,2}",
            "{0,}",
            "{2147483647}",
            "{0,900000000}",
            "{1,",
            "#x\n",
            "\r\n",
            "\\x",
            "\\u12",
            "\\U0001F600",
            "\\",
            "[^",
            "<[1]>",
            "!<x>",
            "((",
            "))",
            "\"a\"",
            "[a-z]",
            "root ::= ");

    private final Random random;

    RandomGbnf(Random random) {
        this.random = random;
    }

    String next() {
        int kind = random.nextInt(1_000);
        if (kind == 0) {
            return huge();
        }
        String grammar = grammar();
        if (kind < 450) {
            return grammar;
        }
        return kind < 950 ? mutated(grammar) : noise(random.nextInt(200));
    }

    private String grammar() {
        int rules = 1 + random.nextInt(5);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rules; i++) {
            text.append(i == 0 ? "root" : "r" + i).append(space()).append("::=").append(space());
            expression(text, rules, 1 + random.nextInt(5), false);
            text.append(random.nextInt(5) == 0 ? " # it's \"one\n" : "\n");
        }
        return text.toString();
    }

    private String space() {
        return random.nextInt(4) == 0 ? "" : " ";
    }

    private String inner(boolean group) {
        return group && random.nextInt(8) == 0 ? random.nextBoolean() ? "\n" : " # x\n" : space();
    }

    private void expression(StringBuilder text, int rules, int depth, boolean group) {
        int alternatives = 1 + random.nextInt(3);
        for (int i = 0; i < alternatives; i++) {
            if (i > 0) {
                text.append("| ");
            }
            // Behind a last bar, the rule would go on in the next line.
            int items = group || i + 1 < alternatives ? random.nextInt(4) : 1 + random.nextInt(3);
            for (int k = 0; k < items; k++) {
                item(text, rules, depth, group);
                text.append(' ').append(inner(group));
            }
        }
    }

    private void item(StringBuilder text, int rules, int depth, boolean group) {
        switch (random.nextInt(depth == 0 ? 6 : 9)) {
            case 0, 1 ->
                text.append('"')
                        .append(noise("abcdé \u20ac", random.nextInt(5)))
                        .append('"');
            case 2 ->
                text.append("[a-").append((char) ('b' + random.nextInt(20))).append("0-9]");
            case 3 ->
                text.append("[^")
                        .append(noise("abx\u20ac", 1 + random.nextInt(3)))
                        .append(']');
            case 4 -> text.append('.');
            case 5 -> {
                int rule = random.nextInt(rules);
                text.append(rule == 0 ? "root" : "r" + rule);
            }
            default -> {
                text.append('(').append(inner(true));
                expression(text, rules, depth - 1, true);
                text.append(')');
            }
        }
        for (int times = random.nextInt(6) == 0 ? 2 : 1; times > 0 && random.nextInt(3) > 0; times--) {
            text.append(inner(group)).append(repetition(group));
        }
    }

    private String repetition(boolean group) {
        int min = bound();
        long max = (long) min + bound();
        return switch (random.nextInt(6)) {
            case 0 -> "*";
            case 1 -> "+";
            case 2 -> "?";
            case 3 -> "{" + min + "}";
            case 4 -> "{" + min + inner(group) + ",}";
            default -> "{" + inner(group) + min + "," + Math.min(max, Integer.MAX_VALUE) + "}";
        };
    }

    private int bound() {
        return switch (random.nextInt(24)) {
            case 0 -> random.nextInt(Integer.MAX_VALUE);
            case 1 -> random.nextInt(1_000);
            default -> random.nextInt(4);
        };
    }

    private String mutated(String grammar) {
        StringBuilder text = new StringBuilder(grammar);
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            int at = random.nextInt(text.length() + 1);
            int end = Math.min(text.length(), at + random.nextInt(4));
            switch (random.nextInt(4)) {
                case 0 -> text.delete(at, end);
                case 1 -> text.insert(at, WORDS.get(random.nextInt(WORDS.size())));
                case 2 -> text.replace(at, end, noise(1));
                default -> text.insert(at, text.substring(Math.max(0, at - random.nextInt(60)), at));
            }
        }
        return text.toString();
    }

    private String noise(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(random.nextInt(4) == 0 ? WORDS.get(random.nextInt(WORDS.size())) : noise(SIGNS, 1));
        }
        return text.toString();
    }

    private String noise(String signs, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(signs.charAt(random.nextInt(signs.length())));
        }
        return text.toString();
    }

    /** One part again and again, up to the bound. */
    private String huge() {
        String part = switch (random.nextInt(8)) {
            case 0 -> "(";
            case 1 -> "[a-z]+ ";
            case 2 -> "\"abc\" | ";
            case 3 -> "root? ";
            case 4 -> "\"a\"? ";
            case 5 -> "(\"a\" | r1){0,7} ";
            case 6 -> "\nr" + random.nextInt(3) + " ::= root | \"a\" ";
            default -> grammar();
        };
        int size = 1 << 8 + random.nextInt(13);
        return "r1 ::= root\nroot ::= " + part.repeat(Math.max(1, size / part.length() - 1));
    }
}
