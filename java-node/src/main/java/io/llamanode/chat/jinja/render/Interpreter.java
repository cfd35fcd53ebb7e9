package io.llamanode.chat.jinja.render;

import io.llamanode.chat.jinja.syntax.Expr;
import io.llamanode.chat.jinja.syntax.Stmt;
import io.llamanode.chat.jinja.value.Arguments;
import io.llamanode.chat.jinja.value.EvalException;
import io.llamanode.chat.jinja.value.Loop;
import io.llamanode.chat.jinja.value.Printer;
import io.llamanode.chat.jinja.value.Runtime;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.StrBuilder;
import io.llamanode.chat.jinja.value.Types;
import io.llamanode.chat.jinja.value.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Executes statements. */
final class Interpreter {
    private final Runtime runtime;
    private final Evaluator evaluator;

    Interpreter(Runtime runtime) {
        this.runtime = runtime;
        this.evaluator = new Evaluator(runtime);
    }

    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    Str render(List<Stmt> template, Scope scope) {
        return capture(template, scope);
    }

    private Str capture(List<Stmt> body, Scope scope) {
        StrBuilder out = new StrBuilder(runtime);
        execute(body, scope, out);
        return out.build();
    }

    private Flow execute(List<Stmt> body, Scope scope, StrBuilder out) {
        runtime.enter();
        Flow flow = Flow.NEXT;
        for (Stmt stmt : body) {
            flow = execute(stmt, scope, out);
            if (flow != Flow.NEXT) {
                break;
            }
        }
        runtime.leave();
        return flow;
    }

    private Flow execute(Stmt stmt, Scope scope, StrBuilder out) {
        runtime.steps(1);
        runtime.at(stmt.line());
        switch (stmt) {
            case Stmt.Data(int _, Str text) -> out.append(text);
            case Stmt.Output(int _, Expr value) -> out.append(Printer.str(runtime, evaluator.evaluate(value, scope)));
            case Stmt.If conditional -> {
                return execute(chosen(conditional, scope), scope, out);
            }
            case Stmt.For loop -> loop(loop, evaluator.evaluate(loop.iterable(), scope), scope, out, 0);
            case Stmt.Assign(int line, Stmt.Target target, Expr value) -> {
                Value assigned = evaluator.evaluate(value, scope);
                runtime.at(line);
                assign(target, assigned, scope);
            }
            case Stmt.AssignBlock(int _, Stmt.Target target, var filters, var body) ->
                assign(target, filtered(filters, capture(body, new Scope(scope)), scope), scope);
            case Stmt.Macro macro ->
                scope.set(macro.name(), macro(macro.name(), macro.parameters(), macro.body(), scope));
            case Stmt.CallBlock block -> out.append(Printer.str(runtime, callBlock(block, scope)));
            case Stmt.FilterBlock(int _, var filters, var body) ->
                out.append(Printer.str(runtime, filtered(filters, capture(body, new Scope(scope)), scope)));
            case Stmt.Group(int _, var body) -> {
                return execute(body, scope, out);
            }
            case Stmt.Break _ -> {
                return Flow.BREAK;
            }
            case Stmt.Continue _ -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private List<Stmt> chosen(Stmt.If conditional, Scope scope) {
        for (Stmt.Branch branch : conditional.branches()) {
            if (Types.truthy(evaluator.evaluate(branch.test(), scope))) {
                return branch.body();
            }
        }
        return conditional.otherwise();
    }

    private void loop(Stmt.For loop, Value iterable, Scope scope, StrBuilder out, int depth) {
        runtime.at(loop.line());
        if (runtime.usage != null) {
            runtime.usage.iterated(iterable);
        }
        List<Value> items = Types.elements(runtime, iterable);
        if (loop.filter() != null) {
            items = items.stream()
                    .filter(item -> {
                        Scope candidate = new Scope(scope);
                        assign(loop.target(), item, candidate);
                        return Types.truthy(evaluator.evaluate(loop.filter(), candidate));
                    })
                    .toList();
        }
        if (items.isEmpty()) {
            execute(loop.otherwise(), scope, out);
            return;
        }
        Loop state = new Loop(
                items,
                depth,
                !loop.recursive()
                        ? null
                        : inner -> {
                            StrBuilder nested = new StrBuilder(runtime);
                            loop(loop, inner, scope, nested, depth + 1);
                            return nested.build();
                        });
        for (int i = 0; i < items.size(); i++) {
            state.at(i);
            Scope iteration = new Scope(scope);
            iteration.set("loop", state);
            assign(loop.target(), items.get(i), iteration);
            if (execute(loop.body(), iteration, out) == Flow.BREAK) {
                break;
            }
        }
    }

    private void assign(Stmt.Target target, Value value, Scope scope) {
        switch (target) {
            case Stmt.Target.Variable(String name) -> scope.set(name, value);
            case Stmt.Target.Attribute(String namespace, String name) -> {
                if (!(scope.get(namespace) instanceof Value.Namespace object)) {
                    throw new EvalException("'" + namespace + "." + name + "' can only be assigned when '" + namespace
                            + "' is a namespace");
                }
                object.attributes.put(name, value);
            }
            case Stmt.Target.Unpack(List<Stmt.Target> targets) -> {
                List<Value> values = Types.elements(runtime, value);
                if (values.size() != targets.size()) {
                    throw new EvalException(values.size() + " values for " + targets.size() + " names");
                }
                for (int i = 0; i < targets.size(); i++) {
                    assign(targets.get(i), values.get(i), scope);
                }
            }
        }
    }

    private Value filtered(List<Expr.Filter> filters, Value start, Scope scope) {
        Value value = start;
        for (Expr.Filter filter : filters) {
            value = evaluator.filter(filter, value, scope);
        }
        return value;
    }

    /** A macro sees the variables of where it is defined, also those assigned later. */
    private Value macro(String name, List<Stmt.Parameter> parameters, List<Stmt> body, Scope defining) {
        return new Value.Callable(name, (_, arguments) -> {
            runtime.enter();
            Scope scope = new Scope(defining);
            bind(name, parameters, arguments, scope);
            Str text = capture(body, scope);
            runtime.leave();
            return text;
        });
    }

    private void bind(String name, List<Stmt.Parameter> parameters, Arguments arguments, Scope scope) {
        Value caller = arguments.named().get("caller");
        Arguments given = arguments;
        if (caller != null
                && parameters.stream().noneMatch(parameter -> parameter.name().equals("caller"))) {
            Map<String, Value> named = new LinkedHashMap<>(arguments.named());
            named.remove("caller");
            given = new Arguments(arguments.positional(), named);
            scope.set("caller", caller);
        }
        Value[] values = given.bind(
                "The macro '" + name + "'",
                parameters.stream().map(Stmt.Parameter::name).toArray(String[]::new));
        for (int i = 0; i < values.length; i++) {
            Stmt.Parameter parameter = parameters.get(i);
            Value value = values[i] != null
                    ? values[i]
                    : parameter.fallback() != null
                            ? evaluator.evaluate(parameter.fallback(), scope)
                            : new Value.Undefined("'" + parameter.name() + "'");
            scope.set(parameter.name(), value);
        }
    }

    private Value callBlock(Stmt.CallBlock block, Scope scope) {
        Arguments arguments = evaluator.arguments(block.call().args(), scope);
        Map<String, Value> named = new LinkedHashMap<>(arguments.named());
        named.put("caller", macro("caller", block.parameters(), block.body(), scope));
        return evaluator.call(
                evaluator.evaluate(block.call().function(), scope),
                new Arguments(arguments.positional(), named),
                block.line());
    }
}
