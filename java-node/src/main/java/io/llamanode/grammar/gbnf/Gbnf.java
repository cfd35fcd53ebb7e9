package io.llamanode.grammar.gbnf;

import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Repeat;
import io.llamanode.grammar.rule.Grammar;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads grammars in GBNF as llama.cpp documents it (grammars/README.md) and its parser reads them. A rule that is defined twice is
 * what it is defined as last. What that parser takes for nothing, or for what can not be meant, is refused: a set of no characters,
 * a range from a later character to an earlier one, a least number of turns above the greatest. Tokens ({@code <[1000]>},
 * {@code <think>}) are refused, since rules are over characters.
 *
 * <p>For one thread, and one text.
 */
public final class Gbnf {
    /** Characters that a grammar may have. */
    public static final int MOST_CHARACTERS = 1 << 20;

    /** Parentheses and repetitions that may stand in each other. */
    public static final int MOST_DEPTH = 200;

    /** The rule that a whole text keeps to. */
    private static final String ROOT = "root";

    private static final Expression ANY = new Expression.Chars(CodePoints.ALL);

    private final Source source;
    private final Characters characters;
    private final Map<String, Expression> rules = new LinkedHashMap<>();
    /** Names that were used, each with the place where it was used first. */
    private final Map<String, Integer> used = new LinkedHashMap<>();

    /** An expression, and how many stand in each other in it. */
    private record Part(Expression expression, int depth) {}

    private Gbnf(String text) {
        this.source = new Source(text);
        this.characters = new Characters(source);
    }

    /**
     * Reads a grammar.
     *
     * @param text of it
     * @return its rules
     * @throws GbnfException if it is none, or larger than the bounds that stand here
     */
    public static Grammar parse(String text) {
        if (text.length() > MOST_CHARACTERS) {
            throw new Source(text).expected("at most %d characters in all".formatted(MOST_CHARACTERS), MOST_CHARACTERS);
        }
        return new Gbnf(text).grammar();
    }

    private Grammar grammar() {
        source.skipSpace(true);
        while (source.peek() != Source.END) {
            rule();
        }
        used.forEach((name, place) -> {
            if (!rules.containsKey(name)) {
                throw source.expected("the name of a rule (there is no rule '%s')".formatted(name), place);
            }
        });
        if (!rules.containsKey(ROOT)) {
            throw source.expected("a rule 'root'");
        }
        return new Grammar(ROOT, rules);
    }

    private void rule() {
        String name = source.takeWhile(Gbnf::isName);
        if (name.isEmpty()) {
            throw source.expected("the name of a rule");
        }
        source.skipSpace(false);
        if (!source.next("::=")) {
            throw source.expected("'::='");
        }
        source.skipSpace(true);
        Part body = alternatives(0, false);
        if (!source.next("\r\n") && !source.next('\r') && !source.next('\n') && source.peek() != Source.END) {
            throw source.expected("a part of the rule or the end of the line");
        }
        source.skipSpace(true);
        rules.put(name, body.expression);
    }

    private static boolean isDigit(int character) {
        return '0' <= character && character <= '9';
    }

    private static boolean isName(int character) {
        return 'a' <= character && character <= 'z'
                || 'A' <= character && character <= 'Z'
                || isDigit(character)
                || character == '-'
                || character == '_';
    }

    /**
     * Reads alternatives.
     *
     * @param outside parentheses around them
     * @param lineEnds whether a line may end anywhere in them
     */
    private Part alternatives(int outside, boolean lineEnds) {
        List<Expression> all = new ArrayList<>();
        int deepest = 0;
        do {
            if (!all.isEmpty()) {
                source.skipSpace(true);
            }
            Part one = sequence(outside, lineEnds);
            all.add(one.expression);
            deepest = Math.max(deepest, one.depth);
        } while (source.next('|'));
        return new Part(Expression.choice(all), deepest);
    }

    private Part sequence(int outside, boolean lineEnds) {
        List<Expression> all = new ArrayList<>();
        int deepest = 0;
        while (true) {
            Part item = item(outside);
            if (item == null) {
                return new Part(all.size() == 1 ? all.getFirst() : new Expression.Sequence(all), deepest);
            }
            source.skipSpace(lineEnds);
            Part repeated = repeated(item, outside, lineEnds);
            all.add(repeated.expression);
            deepest = Math.max(deepest, repeated.depth);
        }
    }

    /** {@return what begins here, or {@code null} if nothing does} */
    private @Nullable Part item(int outside) {
        int next = source.peek();
        return switch (next) {
            case '"' -> new Part(characters.text(), 0);
            case '[' -> new Part(characters.set(), 0);
            case '(' -> group(outside + 1);
            case '.' -> {
                source.skip();
                yield new Part(ANY, 0);
            }
            case '*', '+', '?', '{' -> throw source.expected("what is repeated");
            case '<', '!' ->
                throw source.expected(
                        "no token: a grammar is over characters (a text in quotes stands for its tokens)");
            default -> isName(next) ? reference() : null;
        };
    }

    private Part reference() {
        int place = source.at();
        String name = source.takeWhile(Gbnf::isName);
        used.putIfAbsent(name, place);
        return new Part(new Expression.Reference(name), 0);
    }

    private Part group(int depth) {
        check(depth, source.at());
        source.skip();
        source.skipSpace(true);
        Part inner = alternatives(depth, true);
        if (!source.next(')')) {
            throw source.expected("a part of the group or ')'");
        }
        return new Part(inner.expression, inner.depth + 1);
    }

    private Part repeated(Part item, int outside, boolean lineEnds) {
        Part part = item;
        while (true) {
            int place = source.at();
            @Nullable
            Repeat repeat = switch (source.peek()) {
                case '*' -> repeat(part, 0, Repeat.NO_BOUND);
                case '+' -> repeat(part, 1, Repeat.NO_BOUND);
                case '?' -> repeat(part, 0, 1);
                case '{' -> braces(part, lineEnds);
                default -> null;
            };
            if (repeat == null) {
                return part;
            }
            check(outside + part.depth + 1, place);
            part = new Part(repeat, part.depth + 1);
            source.skipSpace(lineEnds);
        }
    }

    private Repeat repeat(Part part, int min, int max) {
        source.skip();
        return new Repeat(part.expression, min, max);
    }

    private Repeat braces(Part part, boolean lineEnds) {
        source.skip();
        source.skipSpace(lineEnds);
        int min = number();
        source.skipSpace(lineEnds);
        int max = min;
        if (source.next(',')) {
            source.skipSpace(lineEnds);
            max = Repeat.NO_BOUND;
            if (isDigit(source.peek())) {
                int place = source.at();
                max = number();
                if (max < min) {
                    throw source.expected("a number of at least %d, the one before it".formatted(min), place);
                }
                source.skipSpace(lineEnds);
            }
            if (source.peek() != '}') {
                throw source.expected(max == Repeat.NO_BOUND ? "a number or '}'" : "'}'");
            }
        } else if (source.peek() != '}') {
            throw source.expected("',' or '}'");
        }
        return repeat(part, min, max);
    }

    private int number() {
        int place = source.at();
        String digits = source.takeWhile(Gbnf::isDigit);
        if (digits.isEmpty()) {
            throw source.expected("a number");
        }
        long number = 0;
        for (int i = 0; i < digits.length(); i++) {
            number = number * 10 + digits.charAt(i) - '0';
            if (number > Integer.MAX_VALUE) {
                throw source.expected("a number of at most %d".formatted(Integer.MAX_VALUE), place);
            }
        }
        return (int) number;
    }

    private void check(int depth, int place) {
        if (depth > MOST_DEPTH) {
            throw source.expected("at most %d parentheses and repetitions in each other".formatted(MOST_DEPTH), place);
        }
    }
}
