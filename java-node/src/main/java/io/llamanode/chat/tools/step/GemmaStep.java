package io.llamanode.chat.tools.step;

import io.llamanode.chat.tools.answer.Input;
import io.llamanode.chat.tools.syntax.CallStyle;
import io.llamanode.chat.tools.text.JsonText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gemma's {@code call:f{a:<|"|>x<|"|>,n:1}}: bare keys, and strings between tokens of their own. Strings in the quotes of JSON are
 * read as well, and words without any.
 */
public final class GemmaStep extends WholeCallStep {
    private static final String QUOTE = CallStyle.Gemma.QUOTE;
    private static final String PREFIX = "call:";
    private static final int MAX_DEPTH = 32;

    /** What has been looked at already, counted from the opening brace. */
    private int scanned;

    private int depth;
    private boolean quoted;
    /** Inside a string of JSON's, and behind its backslash. */
    private boolean json;

    private boolean escaped;
    /** Whether a key or a value may begin: only there a quote of JSON's is one. */
    private boolean begins;

    /** Starts to read a call. */
    public GemmaStep() {
        super("{");
    }

    @Override
    @Nullable
    String name(String header) {
        return header.startsWith(PREFIX) ? header.substring(PREFIX.length()) : null;
    }

    @Override
    @Nullable
    Map<?, ?> arguments(String text) {
        return new Reader(text).whole() instanceof Map<?, ?> map ? map : null;
    }

    @Override
    int end(Input in) {
        while (scanned < in.length()) {
            char c = in.peek(scanned);
            if (json) {
                scanned++;
                json = escaped || c != '"';
                escaped = !escaped && c == '\\';
                continue;
            }
            if (c == '<') {
                int left = Math.min(QUOTE.length(), in.length() - scanned);
                boolean quote = in.regionMatches(scanned, QUOTE, left);
                if (quote && left < QUOTE.length()) {
                    return -1;
                }
                quoted ^= quote;
                begins = false;
                scanned += quote ? QUOTE.length() : 1;
                continue;
            }
            scanned++;
            if (!quoted && structure(c)) {
                return scanned;
            }
        }
        return -1;
    }

    /** {@return whether a character outside of strings ends the call} */
    private boolean structure(char c) {
        if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return true;
        }
        json = begins && c == '"';
        begins = "{[,:".indexOf(c) >= 0 || begins && Character.isWhitespace(c);
        return false;
    }

    /** Reads a value, or {@code this} where there is none, which is no value of any call. */
    private static final class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        @Nullable
        Object whole() {
            Object value = value(0);
            return at == text.length() ? value : this;
        }

        private @Nullable Object value(int depth) {
            skipSpace();
            if (depth > MAX_DEPTH || at == text.length()) {
                return this;
            }
            if (text.startsWith(QUOTE, at)) {
                return quoted();
            }
            return switch (text.charAt(at)) {
                case '{' -> object(depth);
                case '[' -> list(depth);
                case '"' -> json();
                default -> scalar(upTo(",]}").strip());
            };
        }

        private Object quoted() {
            int from = at + QUOTE.length();
            int end = text.indexOf(QUOTE, from);
            if (end < 0) {
                return this;
            }
            at = end + QUOTE.length();
            return text.substring(from, end);
        }

        private Object json() {
            int end = at + 1;
            while (end < text.length() && text.charAt(end) != '"') {
                end += text.charAt(end) == '\\' ? 2 : 1;
            }
            String value = end < text.length() ? JsonText.string(text.substring(at, end + 1)) : null;
            if (value == null) {
                return this;
            }
            at = end + 1;
            return value;
        }

        private Object key() {
            skipSpace();
            Object key = text.startsWith(QUOTE, at)
                    ? quoted()
                    : text.startsWith("\"", at) ? json() : upTo(":,]}").strip();
            return "".equals(key) ? this : key;
        }

        private Object object(int depth) {
            at++;
            Map<String, Object> entries = new LinkedHashMap<>();
            if (accept('}')) {
                return entries;
            }
            do {
                if (!(key() instanceof String key) || !accept(':')) {
                    return this;
                }
                Object value = value(depth + 1);
                if (value == this) {
                    return this;
                }
                entries.put(key, value);
            } while (accept(','));
            return accept('}') ? entries : this;
        }

        private Object list(int depth) {
            at++;
            List<Object> items = new ArrayList<>();
            if (accept(']')) {
                return items;
            }
            do {
                Object value = value(depth + 1);
                if (value == this) {
                    return this;
                }
                items.add(value);
            } while (accept(','));
            return accept(']') ? items : this;
        }

        private @Nullable Object scalar(String word) {
            return switch (word) {
                case "true" -> true;
                case "false" -> false;
                // The template prints what is null as Python does.
                case "null", "None" -> null;
                default -> {
                    Number number = JsonText.number(word);
                    yield number != null ? number : word.isEmpty() || word.contains(QUOTE) ? this : word;
                }
            };
        }

        private String upTo(String ends) {
            int start = at;
            while (at < text.length() && ends.indexOf(text.charAt(at)) < 0) {
                at++;
            }
            return text.substring(start, at);
        }

        private void skipSpace() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private boolean accept(char c) {
            skipSpace();
            boolean found = at < text.length() && text.charAt(at) == c;
            at += found ? 1 : 0;
            return found;
        }
    }
}
