package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.value.Value;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression of the syntax tree. */
public sealed interface Expr {
    int line();

    record Literal(int line, Value value) implements Expr {}

    record Name(int line, String name) implements Expr {}

    record Member(int line, Expr object, String name) implements Expr {}

    record Index(int line, Expr object, @Nullable Expr index) implements Expr {}

    /** Bounds and step are null when left out. */
    record Slice(
            int line,
            Expr object,
            @Nullable Expr start,
            @Nullable Expr stop,
            @Nullable Expr step) implements Expr {}

    record Call(int line, Expr function, Args args) implements Expr {}

    /** {@code object} is null in a filter block, whose body is the input. */
    record Filter(int line, @Nullable Expr object, String name, Args args) implements Expr {}

    record Test(int line, Expr object, String name, Args args, boolean negated) implements Expr {}

    record Negate(int line, Expr operand) implements Expr {}

    record Plus(int line, Expr operand) implements Expr {}

    record Not(int line, Expr operand) implements Expr {}

    record And(int line, Expr left, Expr right) implements Expr {}

    record Or(int line, Expr left, Expr right) implements Expr {}

    record Binary(int line, String operator, Expr left, Expr right) implements Expr {}

    /** A comparison chain: {@code first op operand op operand ...}. */
    record Compare(int line, Expr first, List<Comparison> rest) implements Expr {}

    /** {@code otherwise} is null when left out. */
    record Conditional(
            int line, Expr test, Expr then, @Nullable Expr otherwise) implements Expr {}

    record ListOf(int line, List<Expr> items, boolean tuple) implements Expr {}

    record DictOf(int line, List<Entry> entries) implements Expr {}

    /** One link of a comparison chain. */
    record Comparison(String operator, Expr operand) {}

    /** One entry of a dictionary literal. */
    record Entry(Expr key, Expr value) {}

    /** Arguments of a call. */
    record Args(List<Expr> positional, Map<String, Expr> named) {
        /** No arguments. */
        public static final Args NONE = new Args(List.of(), Map.of());
    }
}
