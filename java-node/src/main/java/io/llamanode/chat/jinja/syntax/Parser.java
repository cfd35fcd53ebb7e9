package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.Limits;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.value.Str;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Parses statements into the syntax tree. */
public final class Parser {
    private static final Set<String> RESERVED = Set.of("true", "false", "none", "True", "False", "None");

    private final Tokens tokens;
    private final ExprParser expressions;
    private int loops;

    private Parser(Tokens tokens) {
        this.tokens = tokens;
        this.expressions = new ExprParser(tokens);
    }

    /**
     * {@return the statements of a template}
     *
     * @param source Jinja source
     * @param limits bounds on its length and nesting
     * @throws io.llamanode.chat.jinja.TemplateException if it is malformed or not supported
     * @throws io.llamanode.chat.jinja.LimitException if it is too long or nested too deeply
     */
    public static List<Stmt> parse(String source, Limits limits) {
        if (source.length() > limits.sourceChars()) {
            throw new LimitException(
                    "The template has " + source.length() + " characters, more than " + limits.sourceChars(), 0);
        }
        Parser parser = new Parser(new Tokens(Lexer.tokenize(source), limits.nesting()));
        return parser.body(Set.of(), null, 0);
    }

    /** Statements up to one of {@code ends}, whose name is left as the next token. */
    private List<Stmt> body(Set<String> ends, @Nullable String opener, int openerLine) {
        tokens.enter();
        List<Stmt> body = new ArrayList<>();
        while (true) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> body.add(new Stmt.Data(token.line(), Str.trusted(token.text())));
                case OUTPUT_BEGIN -> {
                    body.add(new Stmt.Output(token.line(), expressions.expressionOrTuple()));
                    tokens.expect(Token.Kind.OUTPUT_END, "'}}'");
                }
                case BLOCK_BEGIN -> {
                    if (tokens.at(Token.Kind.NAME)
                            && ends.contains(tokens.peek().text())) {
                        tokens.leave();
                        return body;
                    }
                    body.add(statement());
                }
                default -> {
                    if (opener != null) {
                        throw new TemplateException("'" + opener + "' is not closed", openerLine);
                    }
                    tokens.leave();
                    return body;
                }
            }
        }
    }

    private List<Stmt> block(String opener, int line) {
        tokens.expect(Token.Kind.BLOCK_END, "'%}'");
        List<Stmt> body = body(Set.of("end" + opener), opener, line);
        tokens.next();
        endBlock();
        return body;
    }

    private void endBlock() {
        tokens.expect(Token.Kind.BLOCK_END, "'%}'");
    }

    private Stmt statement() {
        Token keyword = tokens.expect(Token.Kind.NAME, "A statement");
        int line = keyword.line();
        return switch (keyword.text()) {
            case "if" -> ifStatement(line);
            case "for" -> forStatement(line);
            case "set" -> set(line);
            case "macro" -> {
                String name = tokens.expectName();
                List<Stmt.Parameter> parameters = parameters();
                yield new Stmt.Macro(line, name, parameters, outsideLoops(() -> block("macro", line)));
            }
            case "call" -> call(line);
            case "filter" -> {
                List<Expr.Filter> filters = new ArrayList<>(List.of(expressions.filter(line, null)));
                moreFilters(filters);
                yield new Stmt.FilterBlock(line, filters, outsideLoops(() -> block("filter", line)));
            }
            case "generation" -> new Stmt.Group(line, block("generation", line));
            case "break", "continue" -> {
                if (loops == 0) {
                    throw new TemplateException("'" + keyword.text() + "' outside of a loop", line);
                }
                endBlock();
                yield keyword.text().equals("break") ? new Stmt.Break(line) : new Stmt.Continue(line);
            }
            default -> throw new TemplateException("The statement '" + keyword.text() + "' is not supported", line);
        };
    }

    private Stmt ifStatement(int line) {
        Set<String> ends = Set.of("elif", "else", "endif");
        List<Stmt.Branch> branches = new ArrayList<>();
        List<Stmt> otherwise = List.of();
        String end = "elif";
        while (end.equals("elif")) {
            Expr test = expressions.expressionOrTuple();
            endBlock();
            branches.add(new Stmt.Branch(test, body(ends, "if", line)));
            end = tokens.next().text();
        }
        if (end.equals("else")) {
            endBlock();
            otherwise = body(Set.of("endif"), "if", line);
            tokens.next();
        }
        endBlock();
        return new Stmt.If(line, branches, otherwise);
    }

    private Stmt forStatement(int line) {
        Stmt.Target target = target(false);
        if (!tokens.skipName("in")) {
            throw tokens.error("'in' is missing before " + tokens.peek().describe());
        }
        Expr iterable = expressions.withoutConditional();
        Expr filter = tokens.skipName("if") ? expressions.expression() : null;
        boolean recursive = tokens.skipName("recursive");
        endBlock();
        loops++;
        List<Stmt> body = body(Set.of("else", "endfor"), "for", line);
        loops--;
        List<Stmt> otherwise = List.of();
        if (tokens.next().text().equals("else")) {
            endBlock();
            otherwise = body(Set.of("endfor"), "for", line);
            tokens.next();
        }
        endBlock();
        return new Stmt.For(line, target, iterable, filter, body, otherwise, recursive);
    }

    private Stmt set(int line) {
        Stmt.Target target = target(true);
        if (tokens.skipOperator("=")) {
            Expr value = expressions.expressionOrTuple();
            endBlock();
            return new Stmt.Assign(line, target, value);
        }
        List<Expr.Filter> filters = new ArrayList<>();
        moreFilters(filters);
        return new Stmt.AssignBlock(line, target, filters, outsideLoops(() -> block("set", line)));
    }

    private void moreFilters(List<Expr.Filter> filters) {
        while (tokens.atOperator("|")) {
            int line = tokens.next().line();
            filters.add(expressions.filter(line, null));
        }
    }

    private Stmt call(int line) {
        List<Stmt.Parameter> parameters = tokens.atOperator("(") ? parameters() : List.of();
        if (!(expressions.expression() instanceof Expr.Call call)) {
            throw new TemplateException("'call' needs a macro call", line);
        }
        return new Stmt.CallBlock(line, call, parameters, outsideLoops(() -> block("call", line)));
    }

    /** What a block renders to is captured, so that a jump cannot leave it. */
    private List<Stmt> outsideLoops(Supplier<List<Stmt>> parse) {
        int outer = loops;
        loops = 0;
        List<Stmt> body = parse.get();
        loops = outer;
        return body;
    }

    private List<Stmt.Parameter> parameters() {
        List<Stmt.Parameter> parameters = new ArrayList<>();
        tokens.expectOperator("(");
        while (!tokens.skipOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            String name = tokens.expectName();
            parameters.add(new Stmt.Parameter(name, tokens.skipOperator("=") ? expressions.expression() : null));
        }
        return parameters;
    }

    private Stmt.Target target(boolean attributes) {
        Stmt.Target first = singleTarget(attributes);
        if (!tokens.atOperator(",")) {
            return first;
        }
        List<Stmt.Target> targets = new ArrayList<>(List.of(first));
        while (tokens.skipOperator(",")) {
            if (!tokens.at(Token.Kind.NAME) && !tokens.atOperator("(") || tokens.atName("in")) {
                break;
            }
            targets.add(singleTarget(attributes));
        }
        return new Stmt.Target.Unpack(targets);
    }

    private Stmt.Target singleTarget(boolean attributes) {
        if (tokens.skipOperator("(")) {
            tokens.enter();
            Stmt.Target target = target(attributes);
            tokens.leave();
            tokens.expectOperator(")");
            return target;
        }
        String name = tokens.expectName();
        if (RESERVED.contains(name)) {
            throw tokens.error("'" + name + "' cannot be assigned");
        }
        if (attributes && tokens.skipOperator(".")) {
            return new Stmt.Target.Attribute(name, tokens.expectName());
        }
        return new Stmt.Target.Variable(name);
    }
}
