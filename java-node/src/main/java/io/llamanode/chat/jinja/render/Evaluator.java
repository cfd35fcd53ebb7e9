package io.llamanode.chat.jinja.render;

import io.llamanode.chat.jinja.builtin.Access;
import io.llamanode.chat.jinja.builtin.Filters;
import io.llamanode.chat.jinja.builtin.Globals;
import io.llamanode.chat.jinja.builtin.Tests;
import io.llamanode.chat.jinja.syntax.Expr;
import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Loop;
import io.llamanode.chat.jinja.value.Numbers;
import io.llamanode.chat.jinja.value.Operators;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions. */
final class Evaluator {
    private final Runtime runtime;

    Evaluator(Runtime runtime) {
        this.runtime = runtime;
    }

    Value evaluate(Expr expr, Scope scope) {
        runtime.enter();
        runtime.at(expr.line());
        Value value = switch (expr) {
            case Expr.Literal(int _, Value literal) -> literal;
            case Expr.Name(int _, String name) -> name(name, scope);
            case Expr.Member(int _, Expr object, String name) -> Access.member(runtime, evaluate(object, scope), name);
            case Expr.Index(int _, Expr object, Expr index) ->
                Access.index(runtime, evaluate(object, scope), evaluate(index, scope));
            case Expr.Slice(int _, Expr object, Expr start, Expr stop, Expr step) ->
                Access.slice(
                        runtime,
                        evaluate(object, scope),
                        optional(start, scope),
                        optional(stop, scope),
                        optional(step, scope));
            case Expr.Call call -> call(evaluate(call.function(), scope), arguments(call.args(), scope), call.line());
            case Expr.Filter filter -> filter(filter, evaluate(Objects.requireNonNull(filter.object()), scope), scope);
            case Expr.Test test -> Value.of(test(test, scope) != test.negated());
            case Expr.Negate(int _, Expr operand) ->
                // Not taken from zero, which would lose the sign of -0.0.
                Numbers.arithmetic("*", evaluate(operand, scope), new Value.Int(-1));
            case Expr.Plus(int _, Expr operand) -> Numbers.arithmetic("+", new Value.Int(0), evaluate(operand, scope));
            case Expr.Not(int _, Expr operand) -> Value.of(!Types.truthy(evaluate(operand, scope)));
            case Expr.And(int _, Expr left, Expr right) -> {
                Value first = evaluate(left, scope);
                yield Types.truthy(first) ? evaluate(right, scope) : first;
            }
            case Expr.Or(int _, Expr left, Expr right) -> {
                Value first = evaluate(left, scope);
                yield Types.truthy(first) ? first : evaluate(right, scope);
            }
            case Expr.Binary(int line, String operator, Expr left, Expr right) -> {
                Value first = evaluate(left, scope);
                Value second = evaluate(right, scope);
                runtime.at(line);
                yield Operators.binary(runtime, operator, first, second);
            }
            case Expr.Compare compare -> Value.of(compare(compare, scope));
            case Expr.Conditional(int _, Expr test, Expr then, Expr otherwise) ->
                Types.truthy(evaluate(test, scope))
                        ? evaluate(then, scope)
                        : otherwise == null
                                ? new Value.Undefined("an 'if' expression without 'else'")
                                : evaluate(otherwise, scope);
            case Expr.ListOf(int _, List<Expr> items, boolean tuple) ->
                new Value.Seq(runtime.list(values(items, scope)).items, tuple);
            case Expr.DictOf(int _, List<Expr.Entry> entries) -> dict(entries, scope);
        };
        runtime.leave();
        return value;
    }

    private @Nullable Value optional(Expr expr, Scope scope) {
        return expr == null ? null : evaluate(expr, scope);
    }

    private Value name(String name, Scope scope) {
        Value value = scope.get(name);
        if (value == null) {
            value = Globals.get(name);
        }
        if (value != null && runtime.usage != null) {
            runtime.usage.used(value);
        }
        return value == null ? new Value.Undefined("'" + name + "'") : value;
    }

    private List<Value> values(List<Expr> exprs, Scope scope) {
        List<Value> values = new ArrayList<>(exprs.size());
        for (Expr expr : exprs) {
            values.add(evaluate(expr, scope));
        }
        return values;
    }

    Arguments arguments(Expr.Args args, Scope scope) {
        if (args == Expr.Args.NONE) {
            return Arguments.NONE;
        }
        Map<String, Value> named = new LinkedHashMap<>();
        List<Value> positional = values(args.positional(), scope);
        args.named().forEach((name, expr) -> named.put(name, evaluate(expr, scope)));
        return new Arguments(positional, named);
    }

    Value call(Value function, Arguments arguments, int line) {
        runtime.at(line);
        return switch (function) {
            case Value.Callable(String _, Value.Body body) -> body.call(runtime, arguments);
            case Loop loop -> loop.recurse(arguments);
            case Value.Undefined(String description) ->
                throw new EvalException("The function " + description + " is not defined");
            default -> throw new EvalException("A " + Types.name(function) + " cannot be called");
        };
    }

    Value filter(Expr.Filter filter, Value input, Scope scope) {
        Arguments arguments = arguments(filter.args(), scope);
        if (runtime.usage != null) {
            runtime.usage.used(input);
        }
        runtime.at(filter.line());
        runtime.reads(input);
        return Filters.require(filter.name()).apply(runtime, input, arguments);
    }

    private boolean test(Expr.Test test, Scope scope) {
        Value value = evaluate(test.object(), scope);
        Arguments arguments = arguments(test.args(), scope);
        runtime.at(test.line());
        runtime.reads(value);
        return Tests.require(test.name()).test(runtime, value, arguments);
    }

    private boolean compare(Expr.Compare compare, Scope scope) {
        Value left = evaluate(compare.first(), scope);
        for (Expr.Comparison link : compare.rest()) {
            Value right = evaluate(link.operand(), scope);
            runtime.at(compare.line());
            if (!Operators.compare(runtime, link.operator(), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private Value dict(List<Expr.Entry> entries, Scope scope) {
        runtime.allocateElements(entries.size());
        Map<Value, Value> dict = new LinkedHashMap<>();
        for (Expr.Entry entry : entries) {
            dict.put(Operators.key(evaluate(entry.key(), scope)), evaluate(entry.value(), scope));
        }
        return new Value.Dict(dict);
    }
}
