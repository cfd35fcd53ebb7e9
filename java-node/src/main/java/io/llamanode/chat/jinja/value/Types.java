package io.llamanode.chat.jinja.value;

import java.util.ArrayList;
import java.util.List;

/** Python's notion of type names, truth, length and iteration. */
public final class Types {
    private Types() {}

    /**
     * {@return Python's name of the value's type, for messages}
     *
     * @param value any value
     */
    public static String name(Value value) {
        return switch (value) {
            case Value.Undefined(String description) -> description + ", which is undefined";
            case Value.None _ -> "None";
            case Value.Bool _ -> "bool";
            case Value.Int _ -> "int";
            case Value.Float _ -> "float";
            case Str _ -> "str";
            case Value.Seq seq -> seq.tuple ? "tuple" : "list";
            case Value.Dict _ -> "dict";
            case Value.Namespace _ -> "namespace";
            case Loop _ -> "loop";
            case Value.Callable(String name, var _) -> "function " + name;
        };
    }

    /**
     * {@return Python's truth of the value}
     *
     * @param value any value
     */
    public static boolean truthy(Value value) {
        return switch (value) {
            case Value.Undefined _, Value.None _ -> false;
            case Value.Bool(boolean flag) -> flag;
            case Value.Int(long number) -> number != 0;
            case Value.Float(double number) -> number != 0;
            case Str text -> !text.isEmpty();
            case Value.Seq seq -> !seq.items.isEmpty();
            case Value.Dict dict -> !dict.entries.isEmpty();
            case Value.Namespace _, Loop _, Value.Callable _ -> true;
        };
    }

    /**
     * {@return number of elements or code points}
     *
     * @param value any value
     * @throws EvalException if it has none
     */
    public static int length(Value value) {
        return switch (value) {
            case Value.Undefined _ -> 0;
            case Str text -> text.length();
            case Value.Seq seq -> seq.items.size();
            case Value.Dict dict -> dict.entries.size();
            default -> throw new EvalException("A " + name(value) + " has no length");
        };
    }

    /**
     * {@return whether a loop can go over the value}
     *
     * @param value any value
     */
    public static boolean iterable(Value value) {
        return switch (value) {
            case Value.Undefined _, Str _, Value.Seq _, Value.Dict _ -> true;
            default -> false;
        };
    }

    /**
     * {@return the elements a loop sees, as a copy that later changes of the value do not touch}
     *
     * @param runtime pays for it
     * @param value any value
     * @throws EvalException if no loop can go over it
     */
    public static List<Value> elements(Runtime runtime, Value value) {
        List<Value> elements = switch (value) {
            case Value.Undefined _ -> List.of();
            case Value.Seq seq -> {
                runtime.allocateElements(seq.items.size());
                yield new ArrayList<>(seq.items);
            }
            case Value.Dict dict -> {
                runtime.allocateElements(dict.entries.size());
                yield new ArrayList<>(dict.entries.keySet());
            }
            case Str text -> characters(runtime, text);
            default -> throw new EvalException("A " + name(value) + " is not iterable");
        };
        return elements;
    }

    private static List<Value> characters(Runtime runtime, Str str) {
        runtime.allocateElements(str.text.length());
        List<Value> characters = new ArrayList<>();
        for (int i = 0; i < str.text.length(); ) {
            int next = str.text.offsetByCodePoints(i, 1);
            characters.add(str.sub(i, next));
            i = next;
        }
        return characters;
    }
}
