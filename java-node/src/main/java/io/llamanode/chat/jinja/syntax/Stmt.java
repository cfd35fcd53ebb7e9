package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.value.Str;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of the syntax tree. */
public sealed interface Stmt {
    int line();

    record Data(int line, Str text) implements Stmt {}

    record Output(int line, Expr value) implements Stmt {}

    record If(int line, List<Branch> branches, List<Stmt> otherwise) implements Stmt {}

    /** {@code filter} is null when left out. */
    record For(
            int line,
            Target target,
            Expr iterable,
            @Nullable Expr filter,
            List<Stmt> body,
            List<Stmt> otherwise,
            boolean recursive)
            implements Stmt {}

    record Assign(int line, Target target, Expr value) implements Stmt {}

    record AssignBlock(int line, Target target, List<Expr.Filter> filters, List<Stmt> body) implements Stmt {}

    record Macro(int line, String name, List<Parameter> parameters, List<Stmt> body) implements Stmt {}

    record CallBlock(int line, Expr.Call call, List<Parameter> parameters, List<Stmt> body) implements Stmt {}

    record FilterBlock(int line, List<Expr.Filter> filters, List<Stmt> body) implements Stmt {}

    /** A block that only groups, such as {@code generation}. */
    record Group(int line, List<Stmt> body) implements Stmt {}

    record Break(int line) implements Stmt {}

    record Continue(int line) implements Stmt {}

    /** One {@code if} or {@code elif}. */
    record Branch(Expr test, List<Stmt> body) {}

    /** A parameter of a macro; {@code fallback} is null when it has none. */
    record Parameter(String name, @Nullable Expr fallback) {}

    /** What an assignment or a loop binds. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        record Attribute(String namespace, String name) implements Target {}

        record Unpack(List<Target> targets) implements Target {}
    }
}
