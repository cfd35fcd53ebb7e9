package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.value.Value;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression of the syntax tree. Its {@code line} is that of the template, from 1. */
public sealed interface Expr {
    /** {@return line of the template that it begins on, from 1} */
    int line();

    /**
     * A constant.
     *
     * @param line of the template
     * @param value what it is
     */
    record Literal(int line, Value value) implements Expr {}

    /**
     * A variable.
     *
     * @param line of the template
     * @param name as written
     */
    record Name(int line, String name) implements Expr {}

    /**
     * {@code object.name}.
     *
     * @param line of the template
     * @param object whose attribute it is
     * @param name of the attribute
     */
    record Member(int line, Expr object, String name) implements Expr {}

    /**
     * {@code object[index]}.
     *
     * @param line of the template
     * @param object whose item it is
     * @param index key or position
     */
    record Index(int line, Expr object, Expr index) implements Expr {}

    /**
     * {@code object[start:stop:step]}; bounds and step are null when left out.
     *
     * @param line of the template
     * @param object whose part it is
     * @param start first position
     * @param stop position behind the last one
     * @param step from one position to the next
     */
    record Slice(
            int line,
            Expr object,
            @Nullable Expr start,
            @Nullable Expr stop,
            @Nullable Expr step) implements Expr {}

    /**
     * {@code function(args)}.
     *
     * @param line of the template
     * @param function what is called
     * @param args of the call
     */
    record Call(int line, Expr function, Args args) implements Expr {}

    /**
     * {@code object|name(args)}.
     *
     * @param line of the template
     * @param object the input; null in a filter block, whose body is the input
     * @param name of the filter
     * @param args behind the input
     */
    record Filter(int line, @Nullable Expr object, String name, Args args) implements Expr {}

    /**
     * {@code object is name(args)}.
     *
     * @param line of the template
     * @param object what is tested
     * @param name of the test
     * @param args behind the object
     * @param negated whether it is {@code is not}
     */
    record Test(int line, Expr object, String name, Args args, boolean negated) implements Expr {}

    /**
     * {@code -operand}.
     *
     * @param line of the template
     * @param operand a number
     */
    record Negate(int line, Expr operand) implements Expr {}

    /**
     * {@code +operand}.
     *
     * @param line of the template
     * @param operand a number
     */
    record Plus(int line, Expr operand) implements Expr {}

    /**
     * {@code not operand}.
     *
     * @param line of the template
     * @param operand whose truth is turned round
     */
    record Not(int line, Expr operand) implements Expr {}

    /**
     * {@code left and right}: the operand that decides, as in Python.
     *
     * @param line of the template
     * @param left evaluated first
     * @param right evaluated if {@code left} is true
     */
    record And(int line, Expr left, Expr right) implements Expr {}

    /**
     * {@code left or right}: the operand that decides, as in Python.
     *
     * @param line of the template
     * @param left evaluated first
     * @param right evaluated if {@code left} is false
     */
    record Or(int line, Expr left, Expr right) implements Expr {}

    /**
     * {@code left operator right} of numbers, strings and lists.
     *
     * @param line of the template
     * @param operator one of {@code + - * / // % ** ~}
     * @param left evaluated first
     * @param right evaluated second
     */
    record Binary(int line, String operator, Expr left, Expr right) implements Expr {}

    /**
     * A comparison chain: {@code first op operand op operand ...}.
     *
     * @param line of the template
     * @param first leftmost operand
     * @param rest the links, one or more; evaluated until one does not hold
     */
    record Compare(int line, Expr first, List<Comparison> rest) implements Expr {}

    /**
     * {@code then if test else otherwise}.
     *
     * @param line of the template
     * @param test decides
     * @param then the value if it is true
     * @param otherwise the value if it is not; null when left out
     */
    record Conditional(
            int line, Expr test, Expr then, @Nullable Expr otherwise) implements Expr {}

    /**
     * A list or tuple.
     *
     * @param line of the template
     * @param items in order
     * @param tuple whether it is a tuple
     */
    record ListOf(int line, List<Expr> items, boolean tuple) implements Expr {}

    /**
     * A dictionary.
     *
     * @param line of the template
     * @param entries in order; of two with the same key the later one counts
     */
    record DictOf(int line, List<Entry> entries) implements Expr {}

    /**
     * One link of a comparison chain.
     *
     * @param operator one of {@code == != < <= > >= in}, or {@code not in}
     * @param operand on its right
     */
    record Comparison(String operator, Expr operand) {}

    /**
     * One entry of a dictionary literal.
     *
     * @param key evaluated first
     * @param value evaluated second
     */
    record Entry(Expr key, Expr value) {}

    /**
     * Arguments of a call.
     *
     * @param positional in order
     * @param named by name, in order
     */
    record Args(List<Expr> positional, Map<String, Expr> named) {
        /** No arguments. */
        public static final Args NONE = new Args(List.of(), Map.of());
    }
}
