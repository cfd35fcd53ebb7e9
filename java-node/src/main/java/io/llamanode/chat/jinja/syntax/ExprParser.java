package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.value.Str;
import io.llamanode.chat.jinja.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Recursive descent over expressions, with Jinja's precedences. */
final class ExprParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    /** Names that cannot begin the unparenthesised argument of a test. */
    private static final Set<String> AFTER_TEST = Set.of("else", "or", "and", "if", "in", "is", "not", "recursive");

    private final Tokens tokens;

    ExprParser(Tokens tokens) {
        this.tokens = tokens;
    }

    Expr expression() {
        tokens.enter();
        int line = tokens.line();
        Expr value = or();
        while (tokens.skipName("if")) {
            Expr test = or();
            value = new Expr.Conditional(line, test, value, tokens.skipName("else") ? expression() : null);
        }
        tokens.leave();
        return value;
    }

    /** An expression, or a tuple without parentheses. */
    Expr expressionOrTuple() {
        int line = tokens.line();
        Expr first = expression();
        if (!tokens.atOperator(",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",") && !atEnd()) {
            items.add(expression());
        }
        return new Expr.ListOf(line, items, true);
    }

    /** An expression in which a following {@code if} is not a part: the iterable of a loop. */
    Expr withoutConditional() {
        int line = tokens.line();
        Expr first = or();
        if (!tokens.atOperator(",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",")) {
            items.add(or());
        }
        return new Expr.ListOf(line, items, true);
    }

    private boolean atEnd() {
        return tokens.at(Token.Kind.BLOCK_END)
                || tokens.at(Token.Kind.OUTPUT_END)
                || tokens.atOperator(")")
                || tokens.atOperator("=");
    }

    private Expr or() {
        int line = tokens.line();
        Expr left = and();
        while (tokens.skipName("or")) {
            left = new Expr.Or(line, left, and());
        }
        return left;
    }

    private Expr and() {
        int line = tokens.line();
        Expr left = not();
        while (tokens.skipName("and")) {
            left = new Expr.And(line, left, not());
        }
        return left;
    }

    private Expr not() {
        int line = tokens.line();
        if (!tokens.skipName("not")) {
            return comparison();
        }
        tokens.enter();
        Expr operand = not();
        tokens.leave();
        return new Expr.Not(line, operand);
    }

    private Expr comparison() {
        int line = tokens.line();
        Expr first = sum();
        List<Expr.Comparison> rest = new ArrayList<>();
        while (true) {
            Token token = tokens.peek();
            if (token.kind() == Token.Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                tokens.next();
                rest.add(new Expr.Comparison(token.text(), sum()));
            } else if (tokens.skipName("in")) {
                rest.add(new Expr.Comparison("in", sum()));
            } else if (tokens.atName("not") && tokens.peekSecond().is(Token.Kind.NAME, "in")) {
                tokens.next();
                tokens.next();
                rest.add(new Expr.Comparison("not in", sum()));
            } else {
                return rest.isEmpty() ? first : new Expr.Compare(line, first, rest);
            }
        }
    }

    private Expr sum() {
        Expr left = concatenation();
        while (tokens.atOperator("+") || tokens.atOperator("-")) {
            Token operator = tokens.next();
            left = new Expr.Binary(operator.line(), operator.text(), left, concatenation());
        }
        return left;
    }

    private Expr concatenation() {
        Expr left = product();
        while (tokens.atOperator("~")) {
            int line = tokens.next().line();
            left = new Expr.Binary(line, "~", left, product());
        }
        return left;
    }

    private Expr product() {
        Expr left = power();
        while (tokens.atOperator("*") || tokens.atOperator("/") || tokens.atOperator("//") || tokens.atOperator("%")) {
            Token operator = tokens.next();
            left = new Expr.Binary(operator.line(), operator.text(), left, power());
        }
        return left;
    }

    private Expr power() {
        Expr left = unary(true);
        while (tokens.atOperator("**")) {
            int line = tokens.next().line();
            left = new Expr.Binary(line, "**", left, unary(true));
        }
        return left;
    }

    private Expr unary(boolean withFilters) {
        tokens.enter();
        int line = tokens.line();
        Expr value;
        if (tokens.skipOperator("-")) {
            value = new Expr.Negate(line, unary(false));
        } else if (tokens.skipOperator("+")) {
            value = new Expr.Plus(line, unary(false));
        } else {
            value = primary();
        }
        value = postfix(value);
        if (withFilters) {
            value = filtersAndTests(value);
        }
        tokens.leave();
        return value;
    }

    private Expr primary() {
        Token token = tokens.next();
        int line = token.line();
        return switch (token.kind()) {
            case NAME ->
                switch (token.text()) {
                    case "true", "True" -> new Expr.Literal(line, Value.TRUE);
                    case "false", "False" -> new Expr.Literal(line, Value.FALSE);
                    case "none", "None" -> new Expr.Literal(line, Value.NONE);
                    default -> new Expr.Name(line, token.text());
                };
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (tokens.at(Token.Kind.STRING)) {
                    text.append(tokens.next().text());
                }
                yield new Expr.Literal(line, Str.trusted(text.toString()));
            }
            case INTEGER -> new Expr.Literal(line, integer(token));
            case FLOAT -> new Expr.Literal(line, new Value.Float(Double.parseDouble(token.text())));
            case OPERATOR ->
                switch (token.text()) {
                    case "(" -> parenthesised(line);
                    case "[" -> new Expr.ListOf(line, items("]"), false);
                    case "{" -> dict(line);
                    default -> throw unexpected(token);
                };
            default -> throw unexpected(token);
        };
    }

    private static TemplateException unexpected(Token token) {
        return new TemplateException("An expression is missing before " + token.describe(), token.line());
    }

    private static Value integer(Token token) {
        try {
            return new Value.Int(Long.parseLong(token.text()));
        } catch (NumberFormatException e) {
            throw new TemplateException("The number " + token.text() + " does not fit 64 bits", token.line());
        }
    }

    private Expr parenthesised(int line) {
        if (tokens.skipOperator(")")) {
            return new Expr.ListOf(line, List.of(), true);
        }
        Expr value = expressionOrTuple();
        tokens.expectOperator(")");
        return value;
    }

    private List<Expr> items(String end) {
        List<Expr> items = new ArrayList<>();
        while (!tokens.skipOperator(end)) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(end)) {
                    break;
                }
            }
            items.add(expression());
        }
        return items;
    }

    private Expr dict(int line) {
        List<Expr.Entry> entries = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            if (!entries.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator("}")) {
                    break;
                }
            }
            Expr key = expression();
            tokens.expectOperator(":");
            entries.add(new Expr.Entry(key, expression()));
        }
        return new Expr.DictOf(line, entries);
    }

    private Expr postfix(Expr start) {
        Expr value = start;
        while (true) {
            int line = tokens.line();
            if (tokens.skipOperator(".")) {
                Token token = tokens.next();
                value = switch (token.kind()) {
                    case NAME -> new Expr.Member(line, value, token.text());
                    case INTEGER -> new Expr.Index(line, value, new Expr.Literal(line, integer(token)));
                    default -> throw new TemplateException("A name is missing before " + token.describe(), line);
                };
            } else if (tokens.skipOperator("[")) {
                value = subscript(line, value);
            } else if (tokens.atOperator("(")) {
                value = new Expr.Call(line, value, arguments());
            } else {
                return value;
            }
        }
    }

    private Expr subscript(int line, Expr object) {
        Expr start = tokens.atOperator(":") ? null : expression();
        if (start != null && tokens.skipOperator("]")) {
            return new Expr.Index(line, object, start);
        }
        tokens.expectOperator(":");
        Expr stop = tokens.atOperator(":") || tokens.atOperator("]") ? null : expression();
        Expr step = tokens.skipOperator(":") && !tokens.atOperator("]") ? expression() : null;
        tokens.expectOperator("]");
        return new Expr.Slice(line, object, start, stop, step);
    }

    private Expr filtersAndTests(Expr start) {
        Expr value = start;
        while (true) {
            int line = tokens.line();
            if (tokens.skipOperator("|")) {
                value = filter(line, value);
            } else if (tokens.skipName("is")) {
                value = test(line, value);
            } else if (tokens.atOperator("(")) {
                value = new Expr.Call(line, value, arguments());
            } else {
                return value;
            }
        }
    }

    /** A filter without its bar. */
    Expr.Filter filter(int line, @Nullable Expr object) {
        String name = dottedName();
        return new Expr.Filter(line, object, name, tokens.atOperator("(") ? arguments() : Expr.Args.NONE);
    }

    private Expr test(int line, Expr object) {
        boolean negated = tokens.skipName("not");
        String name = dottedName();
        Expr.Args args = Expr.Args.NONE;
        if (tokens.atOperator("(")) {
            args = arguments();
        } else if (startsArgument(tokens.peek())) {
            args = new Expr.Args(List.of(postfix(primary())), Map.of());
        }
        return new Expr.Test(line, object, name, args, negated);
    }

    private static boolean startsArgument(Token token) {
        return switch (token.kind()) {
            case NAME -> !AFTER_TEST.contains(token.text());
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            default -> false;
        };
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(tokens.expectName());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.expectName());
        }
        return name.toString();
    }

    /** Arguments in parentheses. */
    Expr.Args arguments() {
        tokens.expectOperator("(");
        List<Expr> positional = new ArrayList<>();
        Map<String, Expr> named = new LinkedHashMap<>();
        while (!tokens.skipOperator(")")) {
            if (!positional.isEmpty() || !named.isEmpty()) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(")")) {
                    break;
                }
            }
            if (tokens.at(Token.Kind.NAME) && tokens.peekSecond().is(Token.Kind.OPERATOR, "=")) {
                String name = tokens.expectName();
                tokens.next();
                if (named.put(name, expression()) != null) {
                    throw tokens.error("The argument '" + name + "' is given twice");
                }
            } else if (tokens.atOperator("*") || tokens.atOperator("**")) {
                throw tokens.error("Argument unpacking with '" + tokens.peek().text() + "' is not supported");
            } else if (!named.isEmpty()) {
                throw tokens.error("A positional argument follows a named one");
            } else {
                positional.add(expression());
            }
        }
        return new Expr.Args(positional, named);
    }
}
