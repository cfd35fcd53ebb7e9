package io.llamanode.grammar.gbnf;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.rule.CodePoints;
import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Grammar;
import io.llamanode.grammar.rule.Productive;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes rules in llama.cpp's notation, for a server that takes grammars as text. Only what every version reads is written:
 * numbered names, escapes by number, and a machine as a rule for each of its states.
 *
 * <p>For one thread, and one grammar.
 */
public final class GbnfWriter {
    private static final int MOST_CHARACTERS = 4 << 20;

    private final Map<String, String> names = new HashMap<>();
    private final Map<String, String> rules = new LinkedHashMap<>();
    private int numbered;
    private int written;

    private GbnfWriter() {}

    /**
     * {@return a grammar as text, whose first rule is {@code root}}
     *
     * @param grammar without members in any order
     * @throws GrammarLimitException if no text keeps to it, it has members in any order, or the text becomes too long
     */
    public static String write(Grammar grammar) {
        // The notation can not write what stands for no text.
        Map<String, Expression> rules = new LinkedHashMap<>(Productive.only(grammar.rules()));
        rules.values().removeIf(Expression.NOTHING::equals);
        GbnfWriter writer = new GbnfWriter();
        writer.names.put(grammar.root(), "root");
        rules.keySet().forEach(name -> writer.names.computeIfAbsent(name, _ -> writer.next()));
        writer.rule("root", rules.getOrDefault(grammar.root(), Expression.NOTHING));
        rules.forEach((name, expression) -> {
            if (!name.equals(grammar.root())) {
                writer.rule(writer.names.getOrDefault(name, name), expression);
            }
        });
        StringBuilder text = new StringBuilder();
        writer.rules.forEach(
                (name, body) -> text.append(name).append(" ::= ").append(body).append('\n'));
        return text.toString();
    }

    private String next() {
        return "r" + numbered++;
    }

    private void rule(String name, Expression expression) {
        // In its place, before those that its machines add.
        rules.put(name, "");
        rules.put(name, counted(text(expression)));
    }

    private String counted(String body) {
        written += body.length();
        if (written > MOST_CHARACTERS) {
            throw new GrammarLimitException("it takes more than %d characters to write".formatted(MOST_CHARACTERS));
        }
        return body;
    }

    private String text(Expression expression) {
        return switch (expression) {
            case Expression.Text text -> quoted(text.text());
            case Expression.Chars chars when chars.set().isEmpty() -> throw nothing();
            case Expression.Chars chars -> set(chars.set());
            case Expression.Sequence sequence when sequence.parts().isEmpty() -> "\"\"";
            case Expression.Sequence sequence -> joined(sequence.parts(), " ");
            case Expression.Choice choice when choice.alternatives().isEmpty() -> throw nothing();
            case Expression.Choice choice -> "(" + joined(choice.alternatives(), " | ") + ")";
            case Expression.Repeat repeat -> "(" + text(repeat.body()) + ")" + bounds(repeat);
            case Expression.Reference reference -> names.getOrDefault(reference.name(), reference.name());
            case Expression.Machine machine -> machine(machine);
            case Expression.Permutation _ ->
                throw new GrammarLimitException("members in any order can not be written in GBNF");
        };
    }

    private static GrammarLimitException nothing() {
        return new GrammarLimitException("no text keeps to it");
    }

    private String joined(List<Expression> parts, String between) {
        List<String> texts = new ArrayList<>();
        for (Expression part : parts) {
            texts.add(text(part));
        }
        return String.join(between, texts);
    }

    private static String bounds(Expression.Repeat repeat) {
        int min = repeat.min();
        int max = repeat.max();
        if (max == Expression.Repeat.NO_BOUND) {
            return min == 0 ? "*" : min == 1 ? "+" : "{%d,}".formatted(min);
        }
        return min == 0 && max == 1 ? "?" : "{%d,%d}".formatted(min, max);
    }

    /** A rule for each state. */
    private String machine(Expression.Machine machine) {
        List<String> states = new ArrayList<>();
        machine.states().forEach(_ -> states.add(next()));
        for (int i = 0; i < states.size(); i++) {
            List<String> ways = new ArrayList<>();
            for (Expression.Edge edge : machine.states().get(i)) {
                ways.add(text(edge.label()) + " " + states.get(edge.target()));
            }
            if (machine.accepting().get(i)) {
                ways.add("\"\"");
            }
            rules.put(states.get(i), counted(String.join(" | ", ways)));
        }
        return states.getFirst();
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(point -> append(quoted, point));
        return quoted.append('"').toString();
    }

    private static String set(CodePoints set) {
        if (set.equals(CodePoints.ALL)) {
            return "[\\x00-\\U0010FFFF]";
        }
        StringBuilder text = new StringBuilder("[");
        for (CodePoints.Range range : set.ranges()) {
            append(text, range.first());
            if (range.last() > range.first()) {
                text.append('-');
                append(text, range.last());
            }
        }
        return text.append(']').toString();
    }

    private static void append(StringBuilder text, int point) {
        if (point == ' ' || point < 0x80 && Character.isLetterOrDigit(point)) {
            text.append((char) point);
        } else if (point <= 0xff) {
            text.append("\\x%02X".formatted(point));
        } else if (point <= 0xffff) {
            text.append("\\u%04X".formatted(point));
        } else {
            text.append("\\U%08X".formatted(point));
        }
    }
}
