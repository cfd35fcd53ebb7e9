package io.llamanode.grammar.regex;

import java.util.Random;

/** Patterns that Java and ECMA-262 understand alike, and texts that come near them. */
final class RandomPatterns {
    private static final String[] ATOMS = {
        "a", "b", "c", "-", "\\.", "é", "[ab]", "[^a]", "[a-c]", "[^\\n]", "\\d", "\\w", "[\\w-]", "\\x61", "\\u0062",
        "1", "_"
    };
    private static final String[] QUANTIFIERS = {
        "*", "+", "?", "{2}", "{0,2}", "{1,}", "{1,3}", "*?", "+?", "??", "{2,3}?"
    };
    private static final String[] PIECES = {"a", "b", "c", "-", ".", "é", "1", "_", " ", "ab", "\ud83d\ude00"};

    private final Random random;
    private final boolean anchors;

    RandomPatterns(Random random, boolean anchors) {
        this.random = random;
        this.anchors = anchors;
    }

    String pattern(int depth) {
        StringBuilder all = new StringBuilder();
        int parts = 1 + random.nextInt(4);
        for (int i = 0; i < parts; i++) {
            if (anchors && random.nextInt(5) == 0) {
                all.append(anchor(depth));
                continue;
            }
            all.append(atom(depth));
            if (random.nextInt(3) == 0) {
                all.append(QUANTIFIERS[random.nextInt(QUANTIFIERS.length)]);
            }
        }
        return all.toString();
    }

    private String anchor(int depth) {
        return switch (random.nextInt(6)) {
            case 0 -> "^";
            case 1 -> "$";
            case 2 -> "\\b";
            case 3 -> "\\B";
            case 4 -> "(?!" + pattern(Math.max(0, depth - 1)) + ")";
            default -> "(?=" + pattern(Math.max(0, depth - 1)) + ")";
        };
    }

    private String atom(int depth) {
        if (depth > 0 && random.nextInt(3) == 0) {
            String inside = pattern(depth - 1);
            String more = random.nextBoolean() ? "|" + pattern(depth - 1) : "";
            String open = random.nextBoolean() ? "(" : "(?:";
            return open + inside + more + ")";
        }
        return ATOMS[random.nextInt(ATOMS.length)];
    }

    String text() {
        StringBuilder all = new StringBuilder();
        int parts = random.nextInt(7);
        for (int i = 0; i < parts; i++) {
            // With anchors none of two units: Java looks for them between the halves of a pair too.
            all.append(PIECES[random.nextInt(anchors ? PIECES.length - 1 : PIECES.length)]);
        }
        return all.toString();
    }
}
