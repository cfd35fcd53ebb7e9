package io.llamanode.chat.jinja.value;

import java.util.Map;

/**
 * Python's {@code str()} and {@code repr()}. What prints a container is trusted only when every string in it is: its
 * punctuation is part of the value.
 */
public final class Printer {
    private final Runtime runtime;
    private final StringBuilder text = new StringBuilder();
    private boolean trusted = true;

    private Printer(Runtime runtime) {
        this.runtime = runtime;
    }

    /**
     * {@return Python's {@code str()} of the value}
     *
     * @param runtime pays for it
     * @param value any value
     */
    public static Str str(Runtime runtime, Value value) {
        return switch (value) {
            case Str str -> str;
            case Value.Undefined _ -> Str.EMPTY;
            case Value.None _ -> Str.trusted("None");
            case Value.Bool(boolean flag) -> Str.trusted(flag ? "True" : "False");
            case Value.Int(long number) -> Str.trusted(Long.toString(number));
            case Value.Float(double number) -> Str.trusted(Numbers.repr(number));
            default -> repr(runtime, value);
        };
    }

    static Str repr(Runtime runtime, Value value) {
        if (runtime.usage != null) {
            runtime.usage.used(value);
        }
        Printer printer = new Printer(runtime);
        printer.print(value);
        return Str.of(printer.text.toString(), printer.trusted);
    }

    private void add(String piece) {
        runtime.allocateChars(text.length(), piece.length());
        text.append(piece);
    }

    private void print(Value value) {
        runtime.enter();
        switch (value) {
            case Str str -> {
                trusted &= str.trusted();
                quote(str.text);
            }
            case Value.Seq seq -> sequence(seq);
            case Value.Dict dict -> mapping(dict.entries);
            case Value.Undefined _ -> add("Undefined");
            case Value.None _, Value.Bool _, Value.Int _, Value.Float _ -> add(str(runtime, value).text);
            case Value.Namespace _ -> add("<Namespace>");
            case Loop _ -> add("<LoopContext>");
            case Value.Callable(String name, var _) -> add("<function " + name + ">");
        }
        runtime.leave();
    }

    private void sequence(Value.Seq seq) {
        add(seq.tuple ? "(" : "[");
        String separator = "";
        for (Value item : seq.items) {
            add(separator);
            print(item);
            separator = ", ";
        }
        add(!seq.tuple ? "]" : seq.items.size() == 1 ? ",)" : ")");
    }

    private void mapping(Map<Value, Value> entries) {
        add("{");
        String separator = "";
        for (Map.Entry<Value, Value> entry : entries.entrySet()) {
            add(separator);
            print(entry.getKey());
            add(": ");
            print(entry.getValue());
            separator = ", ";
        }
        add("}");
    }

    private void quote(String string) {
        char quote = string.indexOf('\'') >= 0 && string.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder quoted = new StringBuilder(string.length() + 2).append(quote);
        string.codePoints().forEach(c -> {
            switch (c) {
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (c == quote) {
                        quoted.append('\\').append(quote);
                    } else if (printable(c)) {
                        quoted.appendCodePoint(c);
                    } else {
                        quoted.append(
                                c < 0x100
                                        ? String.format("\\x%02x", c)
                                        : c < 0x10000 ? String.format("\\u%04x", c) : String.format("\\U%08x", c));
                    }
                }
            }
        });
        add(quoted.append(quote).toString());
    }

    private static boolean printable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }
}
