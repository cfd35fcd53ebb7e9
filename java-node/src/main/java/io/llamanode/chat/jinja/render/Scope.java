package io.llamanode.chat.jinja.render;

import io.llamanode.chat.jinja.value.Value;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables of a template, a loop iteration or a macro call; assignments never reach an outer scope. */
final class Scope {
    private final @Nullable Scope outer;
    private final Map<String, Value> variables = new HashMap<>();

    Scope(@Nullable Scope outer) {
        this.outer = outer;
    }

    void set(String name, Value value) {
        variables.put(name, value);
    }

    /** The value of the innermost variable of that name, or null. */
    @Nullable
    Value get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Value value = scope.variables.get(name);
            if (value != null) {
                return value;
            }
        }
        return null;
    }
}
