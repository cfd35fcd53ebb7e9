package io.llamanode.chat.jinja.syntax;

import io.llamanode.chat.jinja.LimitException;
import io.llamanode.chat.jinja.TemplateException;
import java.util.List;

/** The parsers' view of the token list, and their guard against deep nesting. */
final class Tokens {
    private final List<Token> tokens;
    private final int maxNesting;
    private int position;
    private int nesting;

    Tokens(List<Token> tokens, int maxNesting) {
        this.tokens = tokens;
        this.maxNesting = maxNesting;
    }

    Token peek() {
        return tokens.get(position);
    }

    Token peekSecond() {
        return tokens.get(Math.min(position + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = tokens.get(position);
        if (token.kind() != Token.Kind.END) {
            position++;
        }
        return token;
    }

    boolean at(Token.Kind kind) {
        return peek().kind() == kind;
    }

    boolean atOperator(String operator) {
        return peek().is(Token.Kind.OPERATOR, operator);
    }

    boolean atName(String name) {
        return peek().is(Token.Kind.NAME, name);
    }

    boolean skipOperator(String operator) {
        if (atOperator(operator)) {
            position++;
            return true;
        }
        return false;
    }

    boolean skipName(String name) {
        if (atName(name)) {
            position++;
            return true;
        }
        return false;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw error("'" + operator + "' is missing before " + peek().describe());
        }
    }

    Token expect(Token.Kind kind, String what) {
        if (!at(kind)) {
            throw error(what + " is missing before " + peek().describe());
        }
        return next();
    }

    String expectName() {
        return expect(Token.Kind.NAME, "A name").text();
    }

    int line() {
        return peek().line();
    }

    void enter() {
        if (++nesting > maxNesting) {
            throw new LimitException("The template is nested deeper than " + maxNesting, line());
        }
    }

    void leave() {
        nesting--;
    }

    TemplateException error(String message) {
        return new TemplateException(message, line());
    }
}
