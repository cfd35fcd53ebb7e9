package io.llamanode.chat.jinja.builtin;

import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Loop;
import io.llamanode.chat.jinja.value.Numbers;
import io.llamanode.chat.jinja.value.Printer;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Sorting;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The {@code tojson} filter of transformers' chat templates, which is Python's {@code json.dumps} with
 * {@code ensure_ascii=False}. The text is trusted only when every string in it is.
 */
final class ToJson {
    private static final HexFormat HEX = HexFormat.of();

    private final Runtime runtime;
    private final boolean ascii;
    private final boolean sorted;
    private final @Nullable String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final StringBuilder text = new StringBuilder();
    private boolean trusted = true;

    private ToJson(Runtime runtime, Value[] options) {
        this.runtime = runtime;
        this.ascii = Arguments.flag(options[0], false);
        this.indent = switch (options[1]) {
            case null -> null;
            case Value.None _ -> null;
            case Str str -> str.text;
            case Value value -> spaces(Arguments.integer(value, "tojson", 0));
        };
        trusted = !(options[1] instanceof Str indention) || indention.trusted();
        String item = indent == null ? ", " : ",";
        String key = ": ";
        if (options[2] instanceof Value.Seq pair) {
            if (pair.items.size() != 2) {
                throw new EvalException("tojson needs two separators");
            }
            item = Arguments.string(pair.items.get(0), "tojson").text;
            key = Arguments.string(pair.items.get(1), "tojson").text;
            trusted &= ((Str) pair.items.get(0)).trusted() && ((Str) pair.items.get(1)).trusted();
        }
        this.itemSeparator = item;
        this.keySeparator = key;
        this.sorted = Arguments.flag(options[3], false);
    }

    private static String spaces(long count) {
        if (count > 64) {
            throw new EvalException("tojson cannot indent by " + count);
        }
        return " ".repeat((int) Math.max(0, count));
    }

    static Value filter(Runtime runtime, Value value, Arguments arguments) {
        if (runtime.usage != null) {
            runtime.usage.usedDeep(value);
        }
        ToJson json =
                new ToJson(runtime, arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys"));
        json.write(value, 0);
        return Str.of(json.text.toString(), json.trusted);
    }

    private void add(String piece) {
        runtime.allocateChars(text.length(), piece.length());
        text.append(piece);
    }

    private void newline(int level) {
        if (indent != null) {
            add("\n" + indent.repeat(level));
        }
    }

    private void write(Value value, int level) {
        runtime.enter();
        switch (value) {
            case Str str -> string(str);
            case Value.None _ -> add("null");
            case Value.Bool(boolean flag) -> add(flag ? "true" : "false");
            case Value.Int(long number) -> add(Long.toString(number));
            case Value.Float(double number) -> add(number(number));
            case Value.Seq seq -> sequence(seq, level);
            case Value.Dict dict -> mapping(dict.entries, level);
            case Value.Undefined _, Value.Namespace _, Loop _, Value.Callable _ ->
                throw new EvalException("tojson cannot write " + Types.name(value));
        }
        runtime.leave();
    }

    private static String number(double number) {
        if (Double.isNaN(number)) {
            return "NaN";
        }
        return Double.isInfinite(number) ? number > 0 ? "Infinity" : "-Infinity" : Numbers.repr(number);
    }

    private void sequence(Value.Seq seq, int level) {
        if (seq.items.isEmpty()) {
            add("[]");
            return;
        }
        add("[");
        String separator = "";
        for (Value item : seq.items) {
            add(separator);
            newline(level + 1);
            write(item, level + 1);
            separator = itemSeparator;
        }
        newline(level);
        add("]");
    }

    private void mapping(Map<Value, Value> entries, int level) {
        if (entries.isEmpty()) {
            add("{}");
            return;
        }
        add("{");
        String separator = "";
        for (Map.Entry<Value, Value> entry : sorted ? Sorting.byKey(runtime, entries) : entries.entrySet()) {
            add(separator);
            newline(level + 1);
            switch (entry.getKey()) {
                case Str str -> string(str);
                case Value.Bool(boolean flag) -> add(flag ? "\"true\"" : "\"false\"");
                case Value.None _ -> add("\"null\"");
                case Value key -> add("\"" + Printer.str(runtime, key).text + "\"");
            }
            add(keySeparator);
            write(entry.getValue(), level + 1);
            separator = itemSeparator;
        }
        newline(level);
        add("}");
    }

    private void string(Str str) {
        trusted &= str.trusted();
        StringBuilder quoted = new StringBuilder(str.text.length() + 2).append('"');
        for (int i = 0; i < str.text.length(); i++) {
            char c = str.text.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '\b' -> quoted.append("\\b");
                case '\f' -> quoted.append("\\f");
                default -> {
                    if (c < 0x20 || ascii && c > 0x7E) {
                        quoted.append("\\u").append(HEX.toHexDigits(c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        add(quoted.append('"').toString());
    }
}
