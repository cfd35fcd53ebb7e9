package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.value.Str;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of the syntax tree. */
public sealed interface Stmt {
    /** {@return line of the template that it begins on, from 1} */
    int line();

    /**
     * Text outside of all tags.
     *
     * @param line of the template
     * @param text as it is to appear; trusted
     */
    record Data(int line, Str text) implements Stmt {}

    /**
     * {@code {{ value }}}.
     *
     * @param line of the template
     * @param value printed
     */
    record Output(int line, Expr value) implements Stmt {}

    /**
     * {@code {% if %}} with its branches.
     *
     * @param line of the template
     * @param branches the first whose test is true is rendered
     * @param otherwise rendered if none is; empty when left out
     */
    record If(int line, List<Branch> branches, List<Stmt> otherwise) implements Stmt {}

    /**
     * {@code {% for target in iterable if filter %}}.
     *
     * @param line of the template
     * @param target bound to each item
     * @param iterable what is looped over
     * @param filter lets items through; null when left out
     * @param body rendered for each item
     * @param otherwise rendered if there are no items; empty when left out
     * @param recursive whether {@code loop(...)} renders the loop again
     */
    record For(
            int line,
            Target target,
            Expr iterable,
            @Nullable Expr filter,
            List<Stmt> body,
            List<Stmt> otherwise,
            boolean recursive)
            implements Stmt {}

    /**
     * {@code {% set target = value %}}.
     *
     * @param line of the template
     * @param target bound
     * @param value what to
     */
    record Assign(int line, Target target, Expr value) implements Stmt {}

    /**
     * {@code {% set target %}} with a body, whose text becomes the value.
     *
     * @param line of the template
     * @param target bound
     * @param filters the text goes through, in order
     * @param body rendered
     */
    record AssignBlock(int line, Target target, List<Expr.Filter> filters, List<Stmt> body) implements Stmt {}

    /**
     * {@code {% macro name(parameters) %}}.
     *
     * @param line of the template
     * @param name that it is called by
     * @param parameters in order
     * @param body rendered by each call
     */
    record Macro(int line, String name, List<Parameter> parameters, List<Stmt> body) implements Stmt {}

    /**
     * {@code {% call(parameters) call %}} with a body, which the macro gets as {@code caller}.
     *
     * @param line of the template
     * @param call of the macro
     * @param parameters of {@code caller}
     * @param body rendered when the macro calls {@code caller}
     */
    record CallBlock(int line, Expr.Call call, List<Parameter> parameters, List<Stmt> body) implements Stmt {}

    /**
     * {@code {% filter %}} with a body.
     *
     * @param line of the template
     * @param filters the text goes through, in order
     * @param body rendered
     */
    record FilterBlock(int line, List<Expr.Filter> filters, List<Stmt> body) implements Stmt {}

    /**
     * A block that only groups, such as {@code generation}.
     *
     * @param line of the template
     * @param body rendered
     */
    record Group(int line, List<Stmt> body) implements Stmt {}

    /**
     * {@code {% break %}}.
     *
     * @param line of the template
     */
    record Break(int line) implements Stmt {}

    /**
     * {@code {% continue %}}.
     *
     * @param line of the template
     */
    record Continue(int line) implements Stmt {}

    /**
     * One {@code if} or {@code elif}.
     *
     * @param test decides
     * @param body rendered if it is true
     */
    record Branch(Expr test, List<Stmt> body) {}

    /**
     * A parameter of a macro.
     *
     * @param name in its body
     * @param fallback what it is when a call leaves it out; null when it has none
     */
    record Parameter(String name, @Nullable Expr fallback) {}

    /** What an assignment or a loop binds. */
    sealed interface Target {
        /**
         * A plain name.
         *
         * @param name bound in the current scope
         */
        record Variable(String name) implements Target {}

        /**
         * {@code namespace.name}.
         *
         * @param namespace variable that holds a {@code namespace()}
         * @param name of the attribute
         */
        record Attribute(String namespace, String name) implements Target {}

        /**
         * {@code a, b}: as many as the value has items.
         *
         * @param targets bound in order
         */
        record Unpack(List<Target> targets) implements Target {}
    }
}
