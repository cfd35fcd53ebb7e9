package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Formatting;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Search;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.StrBuilder;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Methods of strings; every character of a result keeps its origin. */
final class StringMethods {
    private StringMethods() {}

    /** The method bound to {@code str}, or null when there is none of that name. */
    static @Nullable Value bind(Str str, String name) {
        Value.Body body = switch (name) {
            case "strip" -> (_, arguments) -> strip(str, arguments, true, true);
            case "lstrip" -> (_, arguments) -> strip(str, arguments, true, false);
            case "rstrip" -> (_, arguments) -> strip(str, arguments, false, true);
            case "split" -> (runtime, arguments) -> split(runtime, str, arguments);
            case "rsplit" -> (runtime, arguments) -> rsplit(runtime, str, arguments);
            case "splitlines" -> (runtime, arguments) -> lines(runtime, str, arguments);
            case "partition", "rpartition" ->
                (runtime, arguments) ->
                        partition(runtime, str, Arguments.string(arguments.one(name), name), name.startsWith("r"));
            case "startswith", "endswith" ->
                (_, arguments) -> Value.of(affix(str.text, arguments.one(name), name.startsWith("s")));
            case "removeprefix", "removesuffix" ->
                (_, arguments) ->
                        remove(str, Arguments.string(arguments.one(name), name).text, name.endsWith("prefix"));
            case "replace" -> (runtime, arguments) -> replace(runtime, str, arguments);
            case "find", "index", "rfind", "rindex" -> (runtime, arguments) -> find(runtime, str, arguments, name);
            case "count" ->
                (runtime, arguments) ->
                        new Value.Int(count(runtime, str.text, Arguments.string(arguments.one("count"), "count").text));
            case "join" -> (runtime, arguments) -> join(runtime, str, arguments.one("join"));
            case "format" -> (runtime, arguments) -> Formatting.braces(runtime, str, arguments);
            default -> casing(str, name);
        };
        return body == null ? null : new Value.Callable(name, body);
    }

    private static Value.@Nullable Body casing(Str str, String name) {
        return switch (name) {
            case "upper" -> (runtime, _) -> map(runtime, str, text -> text.toUpperCase(Locale.ROOT));
            case "lower" -> (runtime, _) -> map(runtime, str, text -> text.toLowerCase(Locale.ROOT));
            case "casefold" ->
                (runtime, _) ->
                        map(runtime, str, text -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
            case "title" -> (runtime, _) -> title(runtime, str, c -> !Character.isLetter(c));
            case "capitalize" -> (runtime, _) -> capitalize(runtime, str);
            case "ljust", "rjust", "center", "zfill" -> (runtime, arguments) -> pad(runtime, str, arguments, name);
            case "isdigit", "isdecimal", "isnumeric" -> (_, _) -> all(str, Character::isDigit);
            case "isalpha" -> (_, _) -> all(str, Character::isLetter);
            case "isalnum" -> (_, _) -> all(str, Character::isLetterOrDigit);
            case "isspace" -> (_, _) -> all(str, Str::isSpace);
            case "isupper" -> (_, _) -> Value.of(cased(str.text, str.text.toUpperCase(Locale.ROOT)));
            case "islower" -> (_, _) -> Value.of(cased(str.text, str.text.toLowerCase(Locale.ROOT)));
            default -> null;
        };
    }

    /** Whether the text equals its folded form and has letters with case at all. */
    static boolean cased(String text, String folded) {
        return text.equals(folded) && !text.toUpperCase(Locale.ROOT).equals(text.toLowerCase(Locale.ROOT));
    }

    private static Value all(Str str, IntPredicate predicate) {
        return Value.of(!str.isEmpty() && str.text.codePoints().allMatch(predicate));
    }

    /** Applies a mapping that may change lengths to each run of one origin. */
    static Str map(Runtime runtime, Str str, UnaryOperator<String> mapping) {
        StrBuilder builder = new StrBuilder(runtime);
        for (int run = 0; run < str.runs(); run++) {
            builder.append(mapping.apply(str.text.substring(str.runStart(run), str.runEnd(run))), str.runTrusted(run));
        }
        return builder.build();
    }

    static Str capitalize(Runtime runtime, Str str) {
        if (str.isEmpty()) {
            return str;
        }
        int first = str.text.offsetByCodePoints(0, 1);
        return new StrBuilder(runtime)
                .append(map(runtime, str.sub(0, first), text -> text.toUpperCase(Locale.ROOT)))
                .append(map(runtime, str.sub(first, str.text.length()), text -> text.toLowerCase(Locale.ROOT)))
                .build();
    }

    /** Capitalizes words; the filter and the method differ in what separates them. */
    static Str title(Runtime runtime, Str str, IntPredicate separates) {
        StrBuilder builder = new StrBuilder(runtime);
        boolean inWord = false;
        for (Value element : Types.elements(runtime, str)) {
            Str character = (Str) element;
            boolean first = !inWord;
            builder.append(map(
                    runtime, character, text -> first ? text.toUpperCase(Locale.ROOT) : text.toLowerCase(Locale.ROOT)));
            inWord = !separates.test(character.text.codePointAt(0));
        }
        return builder.build();
    }

    private static Value strip(Str str, Arguments arguments, boolean left, boolean right) {
        Value chars = arguments.bind("strip", "chars")[0];
        return str.strip(
                left,
                right,
                chars == null || chars instanceof Value.None ? null : Arguments.string(chars, "strip").text);
    }

    private static Value split(Runtime runtime, Str str, Arguments arguments) {
        Value[] bound = arguments.bind("split", "sep", "maxsplit");
        long limit = Arguments.integer(bound[1], "split", -1);
        return runtime.list(
                bound[0] == null || bound[0] instanceof Value.None
                        ? Search.words(str, limit)
                        : Search.split(runtime, str, Arguments.string(bound[0], "split").text, limit));
    }

    private static Value rsplit(Runtime runtime, Str str, Arguments arguments) {
        Value[] bound = arguments.bind("rsplit", "sep", "maxsplit");
        long limit = Arguments.integer(bound[1], "rsplit", -1);
        if (bound[0] != null && !(bound[0] instanceof Value.None)) {
            return runtime.list(Search.splitFromRight(runtime, str, Arguments.string(bound[0], "rsplit").text, limit));
        }
        if (limit >= 0) {
            throw new EvalException("rsplit with a limit needs a separator");
        }
        return runtime.list(Search.words(str, -1));
    }

    private static Value lines(Runtime runtime, Str str, Arguments arguments) {
        boolean keep = Arguments.flag(arguments.bind("splitlines", "keepends")[0], false);
        List<Value> lines = new ArrayList<>();
        int start = 0;
        while (start < str.text.length()) {
            int end = start;
            while (end < str.text.length() && str.text.charAt(end) != '\n' && str.text.charAt(end) != '\r') {
                end++;
            }
            int next = str.text.startsWith("\r\n", end) ? end + 2 : Math.min(end + 1, str.text.length());
            lines.add(str.sub(start, keep ? next : end));
            start = next;
        }
        return runtime.list(lines);
    }

    private static Value partition(Runtime runtime, Str str, Str separator, boolean last) {
        if (separator.isEmpty()) {
            throw new EvalException("partition: the separator is empty");
        }
        int at = last
                ? Search.findLast(runtime, str.text, separator.text, str.text.length())
                : Search.find(runtime, str.text, separator.text, 0);
        if (at < 0) {
            return last ? Value.Seq.tuple(Str.EMPTY, Str.EMPTY, str) : Value.Seq.tuple(str, Str.EMPTY, Str.EMPTY);
        }
        int end = at + separator.text.length();
        return Value.Seq.tuple(str.sub(0, at), str.sub(at, end), str.sub(end, str.text.length()));
    }

    private static boolean affix(String text, Value affix, boolean start) {
        return switch (affix) {
            case Str str -> start ? text.startsWith(str.text) : text.endsWith(str.text);
            case Value.Seq seq when seq.tuple -> seq.items.stream().anyMatch(item -> affix(text, item, start));
            default -> throw new EvalException("startswith and endswith need a string, got " + Types.name(affix));
        };
    }

    private static Value remove(Str str, String affix, boolean start) {
        int length = str.text.length();
        if (start) {
            return str.text.startsWith(affix) ? str.sub(affix.length(), length) : str;
        }
        return str.text.endsWith(affix) ? str.sub(0, length - affix.length()) : str;
    }

    static Value replace(Runtime runtime, Str str, Arguments arguments) {
        Value[] bound = arguments.bind("replace", "old", "new", "count");
        return Search.replace(
                runtime,
                str,
                Arguments.string(Arguments.required(bound[0], "replace", "old"), "replace"),
                Arguments.string(Arguments.required(bound[1], "replace", "new"), "replace"),
                Arguments.integer(bound[2], "replace", -1));
    }

    private static Value find(Runtime runtime, Str str, Arguments arguments, String name) {
        Value[] bound = arguments.bind(name, "sub", "start");
        String part = Arguments.string(Arguments.required(bound[0], name, "sub"), name).text;
        int length = str.length();
        long given = Arguments.integer(bound[1], name, 0);
        long start = given < 0 ? Math.max(0, given + length) : given;
        int at = -1;
        if (start <= length) {
            int from = str.text.offsetByCodePoints(0, (int) start);
            at = name.startsWith("r")
                    ? findLast(runtime, str.text, part, from)
                    : Search.find(runtime, str.text, part, from);
        }
        if (at < 0 && name.endsWith("index")) {
            throw new EvalException(name + ": the substring is not there");
        }
        return new Value.Int(at < 0 ? -1 : str.text.codePointCount(0, at));
    }

    private static int findLast(Runtime runtime, String text, String part, int from) {
        int at = part.isEmpty() ? text.length() : Search.findLast(runtime, text, part, text.length());
        return at < from ? -1 : at;
    }

    private static long count(Runtime runtime, String text, String part) {
        if (part.isEmpty()) {
            return text.codePointCount(0, text.length()) + 1L;
        }
        long count = 0;
        for (int at = Search.find(runtime, text, part, 0);
                at >= 0;
                at = Search.find(runtime, text, part, at + part.length())) {
            count++;
        }
        return count;
    }

    private static Value join(Runtime runtime, Str separator, Value items) {
        StrBuilder builder = new StrBuilder(runtime);
        boolean first = true;
        for (Value item : Types.elements(runtime, items)) {
            if (!first) {
                builder.append(separator);
            }
            builder.append(Arguments.string(item, "join"));
            first = false;
        }
        return builder.build();
    }

    private static Value pad(Runtime runtime, Str str, Arguments arguments, String name) {
        Value[] bound = arguments.bind(name, "width", "fillchar");
        boolean zeros = name.equals("zfill");
        Str fill = zeros ? Str.trusted("0") : Arguments.string(bound[1], name, Str.trusted(" "));
        long width = Arguments.integer(bound[0], name, 0);
        long missing = width - str.length();
        long left = switch (name) {
            case "ljust" -> 0;
            // Of an odd number of places the left gets the larger half where the width is odd, as in CPython.
            case "center" -> missing / 2 + (missing & width & 1);
            default -> missing;
        };
        StrBuilder builder = new StrBuilder(runtime);
        int sign = zeros && (str.text.startsWith("-") || str.text.startsWith("+")) ? 1 : 0;
        builder.append(str, 0, sign);
        fill(runtime, builder, fill, left);
        builder.append(str, sign, str.text.length());
        fill(runtime, builder, fill, missing - left);
        return builder.build();
    }

    private static void fill(Runtime runtime, StrBuilder builder, Str fill, long count) {
        for (long i = 0; i < count; i++) {
            runtime.steps(1);
            builder.append(fill);
        }
    }
}
