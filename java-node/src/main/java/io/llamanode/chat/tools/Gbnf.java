package io.llamanode.chat.tools;

/** Writes and changes grammars in llama.cpp's notation. */
final class Gbnf {
    private Gbnf() {}

    /** {@return a literal} */
    static String literal(String text) {
        StringBuilder literal = new StringBuilder("\"");
        text.chars().forEach(c -> {
            switch (c) {
                case '"', '\\' -> literal.append('\\').append((char) c);
                case '\n' -> literal.append("\\n");
                case '\r' -> literal.append("\\r");
                case '\t' -> literal.append("\\t");
                default -> literal.append((char) c);
            }
        });
        return literal.append('"').toString();
    }

    /** {@return a name that a rule may have} */
    static String name(String text) {
        return text.replaceAll("[^a-zA-Z0-9]", "-");
    }

    /** {@return the same grammar with a prefix on the name of every rule} */
    static String prefixed(String grammar, String prefix) {
        StringBuilder renamed = new StringBuilder();
        int at = 0;
        while (at < grammar.length()) {
            char c = grammar.charAt(at);
            int end = at + 1;
            if (c == '"' || c == '[') {
                end = quoted(grammar, at, c == '"' ? '"' : ']');
            } else if (c == '#') {
                end = lineEnd(grammar, at);
            } else if (c == '{') {
                end = grammar.indexOf('}', at) + 1;
            } else if (isWord(c)) {
                while (end < grammar.length() && isWord(grammar.charAt(end))) {
                    end++;
                }
                renamed.append(prefix);
            }
            renamed.append(grammar, at, end);
            at = end;
        }
        return renamed.toString();
    }

    private static int quoted(String grammar, int from, char close) {
        int at = from + 1;
        while (grammar.charAt(at) != close) {
            at += grammar.charAt(at) == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    private static int lineEnd(String grammar, int from) {
        int end = grammar.indexOf('\n', from);
        return end < 0 ? grammar.length() : end;
    }

    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || c == '-' || c == '_';
    }
}
