package io.llamanode.chat.jinja.value;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The {@code loop} variable: where in its iteration a loop is. */
public final class Loop implements Value {
    private final List<Value> items;
    private final int depth;
    private final @Nullable Function<Value, Str> recursion;
    private int index;
    private @Nullable Value changed;

    /**
     * Stands before the first item.
     *
     * @param items looped over
     * @param depth of the loop among recursive ones, from 0
     * @param recursion renders the same loop over another list; null when the loop is not recursive
     */
    public Loop(List<Value> items, int depth, @Nullable Function<Value, Str> recursion) {
        this.items = items;
        this.depth = depth;
        this.recursion = recursion;
    }

    /**
     * Moves to an item.
     *
     * @param position from 0
     */
    public void at(int position) {
        index = position;
    }

    /**
     * {@return an attribute such as {@code loop.index}; undefined if there is none of that name}
     *
     * @param name behind {@code loop.}
     */
    public Value attribute(String name) {
        int last = items.size() - 1;
        return switch (name) {
            case "index" -> new Int(index + 1);
            case "index0" -> new Int(index);
            case "revindex" -> new Int(last - index + 1);
            case "revindex0" -> new Int(last - index);
            case "first" -> Value.of(index == 0);
            case "last" -> Value.of(index == last);
            case "length" -> new Int(items.size());
            case "depth" -> new Int(depth + 1);
            case "depth0" -> new Int(depth);
            case "previtem" -> index > 0 ? items.get(index - 1) : new Undefined("loop.previtem");
            case "nextitem" -> index < last ? items.get(index + 1) : new Undefined("loop.nextitem");
            case "cycle" ->
                new Callable("loop.cycle", (_, arguments) -> {
                    if (arguments.positional().isEmpty()) {
                        throw new EvalException("loop.cycle needs values");
                    }
                    return arguments
                            .positional()
                            .get(index % arguments.positional().size());
                });
            case "changed" ->
                new Callable("loop.changed", (runtime, arguments) -> {
                    Value now = new Seq(arguments.positional(), true);
                    boolean differs = changed == null || !Operators.equal(runtime, changed, now);
                    changed = now;
                    return Value.of(differs);
                });
            default -> new Undefined("loop." + name);
        };
    }

    /**
     * {@return the same loop over another list, rendered}
     *
     * @param arguments the other list, and nothing else
     * @throws EvalException if the loop is not recursive
     */
    public Value recurse(Arguments arguments) {
        if (recursion == null) {
            throw new EvalException("loop() is only for loops marked 'recursive'");
        }
        return recursion.apply(arguments.one("loop"));
    }
}
