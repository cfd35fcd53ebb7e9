package io.llamanode.llama.sampler;

/** The patterns that llama.cpp's converter understands: on others it throws, loops or reads before an array. */
final class JsonPatternCheck {

    private static final int MAX_CHARS = 10_000;
    private static final int MAX_DEPTH = 48;

    private final String where;
    private int at;
    private boolean quantifiable;
    private int depth;

    private JsonPatternCheck(String where) {
        this.where = where;
    }

    static void check(String pattern, String where) {
        JsonPatternCheck check = new JsonPatternCheck(where);
        check.require(
                pattern.length() >= 2
                        && pattern.startsWith("^")
                        && pattern.endsWith("$")
                        && pattern.length() <= MAX_CHARS,
                "does not start with ^ and end with $");
        check.scan(pattern.substring(1, pattern.length() - 1));
    }

    private void scan(String text) {
        while (at < text.length()) {
            char c = text.charAt(at++);
            switch (c) {
                case '(' -> {
                    depth++;
                    quantifiable = false;
                    require(depth <= MAX_DEPTH, "nests parentheses too deep");
                    require(!text.startsWith("?", at), "has a group of a kind that is not supported");
                }
                case ')' -> {
                    depth--;
                    quantifiable = true;
                    require(depth >= 0, "has unbalanced parentheses");
                }
                case '[' -> brackets(text);
                case '|' -> quantifiable = false;
                case '*', '+', '?' -> quantifier();
                case '{' -> braces(text);
                case ']', '}' -> require(false, "has an unbalanced " + c);
                case '\\' -> {
                    require(at < text.length(), "ends in the middle of an escape");
                    at++;
                    quantifiable = true;
                }
                default -> quantifiable = true;
            }
        }
        require(depth == 0, "has unbalanced parentheses");
    }

    private void quantifier() {
        require(quantifiable, "has a quantifier that follows nothing");
        quantifiable = false;
    }

    private void brackets(String text) {
        while (at < text.length() && text.charAt(at) != ']') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        require(at < text.length(), "has unbalanced brackets");
        at++;
        quantifiable = true;
    }

    private void braces(String text) {
        quantifier();
        int end = text.indexOf('}', at);
        require(end >= 0, "has unbalanced braces");
        String bounds = text.substring(at, end);
        require(bounds.matches("[0-9]{1,4}|[0-9]{0,4},[0-9]{0,4}"), "has a malformed repetition {" + bounds + "}");
        String[] parts = bounds.split(",", -1);
        if (parts.length == 2 && !parts[0].isEmpty() && !parts[1].isEmpty()) {
            require(Integer.parseInt(parts[0]) <= Integer.parseInt(parts[1]), "has a repetition of no length");
        }
        at = end + 1;
    }

    private void require(boolean condition, String what) {
        if (!condition) {
            throw new GrammarException(where + " " + what);
        }
    }
}
