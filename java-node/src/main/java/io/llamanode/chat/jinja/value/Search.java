package io.llamanode.chat.jinja.value;

import java.util.ArrayList;
import java.util.List;

/** Finding, splitting and replacing; every candidate position is paid for, as a pattern can be made to be slow. */
public final class Search {
    private Search() {}

    /**
     * {@return index of the first {@code part} at or behind {@code from}, in UTF-16 units, or -1}
     *
     * @param runtime pays for it
     * @param text searched
     * @param part looked for
     * @param from index in {@code text}, in UTF-16 units
     */
    public static int find(Runtime runtime, String text, String part, int from) {
        if (part.isEmpty()) {
            return from <= text.length() ? from : -1;
        }
        char first = part.charAt(0);
        int last = text.length() - part.length();
        int start = from;
        for (int at = text.indexOf(first, start); at >= 0 && at <= last; at = text.indexOf(first, at + 1)) {
            pay(runtime, at - start, part);
            start = at;
            if (text.startsWith(part, at)) {
                return at;
            }
        }
        runtime.steps(Math.max(0, text.length() - start) >> 10);
        return -1;
    }

    /**
     * {@return index of the last {@code part} that ends at or in front of {@code before}, in UTF-16 units, or -1}
     *
     * @param runtime pays for it
     * @param text searched
     * @param part looked for
     * @param before index in {@code text}, in UTF-16 units
     */
    public static int findLast(Runtime runtime, String text, String part, int before) {
        for (int at = before - part.length(); at >= 0; at--) {
            if (text.charAt(at) == part.charAt(0)) {
                pay(runtime, 0, part);
                if (text.startsWith(part, at)) {
                    return at;
                }
            }
        }
        runtime.steps(before >> 10);
        return -1;
    }

    private static void pay(Runtime runtime, int distance, String part) {
        runtime.steps(1 + (part.length() >> 6) + (distance >> 10));
    }

    /**
     * {@return pieces between separators}
     *
     * @param runtime pays for it
     * @param str taken apart
     * @param separator not empty
     * @param limit splits at most; negative: any number
     * @throws EvalException if the separator is empty
     */
    public static List<Value> split(Runtime runtime, Str str, String separator, long limit) {
        if (separator.isEmpty()) {
            throw new EvalException("split: the separator is empty");
        }
        List<Value> pieces = new ArrayList<>();
        int start = 0;
        int at = limit == 0 ? -1 : find(runtime, str.text, separator, 0);
        while (at >= 0) {
            pieces.add(str.sub(start, at));
            start = at + separator.length();
            at = pieces.size() == limit ? -1 : find(runtime, str.text, separator, start);
        }
        pieces.add(str.sub(start, str.text.length()));
        return pieces;
    }

    /**
     * {@return the pieces between separators, of which the last {@code limit} count; a negative limit stands for all}
     *
     * @param runtime pays for it
     * @param str taken apart
     * @param separator not empty
     * @param limit splits at most; negative: any number
     * @throws EvalException if the separator is empty
     */
    public static List<Value> splitFromRight(Runtime runtime, Str str, String separator, long limit) {
        if (separator.isEmpty()) {
            throw new EvalException("rsplit: the separator is empty");
        }
        List<Value> pieces = new ArrayList<>();
        int end = str.text.length();
        int at = limit == 0 ? -1 : findLast(runtime, str.text, separator, end);
        while (at >= 0) {
            pieces.add(str.sub(at + separator.length(), end));
            end = at;
            at = pieces.size() == limit ? -1 : findLast(runtime, str.text, separator, end);
        }
        pieces.add(str.sub(0, end));
        return new ArrayList<>(pieces.reversed());
    }

    /**
     * {@return words between runs of white space}
     *
     * @param str taken apart
     * @param limit splits at most; negative: any number
     */
    public static List<Value> words(Str str, long limit) {
        List<Value> words = new ArrayList<>();
        String text = str.text;
        int start = skip(text, 0, true);
        while (start < text.length()) {
            int end = skip(text, start, false);
            if (words.size() == limit) {
                words.add(str.sub(start, text.length()));
                break;
            }
            words.add(str.sub(start, end));
            start = skip(text, end, true);
        }
        return words;
    }

    private static int skip(String text, int from, boolean space) {
        int at = from;
        while (at < text.length() && Str.isSpace(text.charAt(at)) == space) {
            at++;
        }
        return at;
    }

    /**
     * {@return the string with the first {@code limit} matches replaced; a negative limit stands for all}
     *
     * @param runtime pays for it
     * @param str searched
     * @param old replaced; if empty, it stands between all characters
     * @param replacement put in its place
     * @param limit matches at most
     */
    public static Str replace(Runtime runtime, Str str, Str old, Str replacement, long limit) {
        StrBuilder builder = new StrBuilder(runtime);
        int start = 0;
        long left = limit < 0 ? Long.MAX_VALUE : limit;
        int at = find(runtime, str.text, old.text, 0);
        while (at >= 0 && left-- > 0) {
            runtime.steps(1);
            builder.append(str, start, at).append(replacement);
            start = at + old.text.length();
            if (old.isEmpty()) {
                if (at == str.text.length()) {
                    return builder.build();
                }
                builder.append(str, at, at + 1);
                start = at + 1;
            }
            at = find(runtime, str.text, old.text, start);
        }
        return start == 0 ? str : builder.append(str, start, str.text.length()).build();
    }
}
