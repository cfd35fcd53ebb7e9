package io.llamanode.grammar.language;

import io.llamanode.grammar.rule.Expression;
import io.llamanode.grammar.rule.Expression.Edge;
import io.llamanode.grammar.rule.Expression.Machine;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeSet;

/**
 * Texts as a tree of what their beginnings have in common: a thousand that begin alike are one place to read on from, not a
 * thousand.
 *
 * <p>For one thread.
 */
final class TextTree {
    private final List<String> texts;
    private final List<List<Edge>> states = new ArrayList<>();
    private final BitSet accepting = new BitSet();

    /** Some texts, each from {@code from} to {@code to} of the sorted ones, which have their first {@code length} units in common. */
    private record Part(int state, int from, int to, int length) {}

    private TextTree(List<String> texts) {
        this.texts = List.copyOf(new TreeSet<>(texts));
    }

    static Expression of(List<String> texts) {
        return new TextTree(texts).machine();
    }

    private Machine machine() {
        List<Part> open = new ArrayList<>();
        states.add(new ArrayList<>());
        open.add(new Part(0, 0, texts.size(), 0));
        while (!open.isEmpty()) {
            Part part = open.removeLast();
            int at = part.from;
            if (texts.get(at).length() == part.length) {
                accepting.set(part.state);
                at++;
            }
            while (at < part.to) {
                int end = at + 1;
                int first = texts.get(at).codePointAt(part.length);
                while (end < part.to && texts.get(end).codePointAt(part.length) == first) {
                    end++;
                }
                int common = common(texts.get(at), texts.get(end - 1));
                int target = states.size();
                states.add(new ArrayList<>());
                String label = texts.get(at).substring(part.length, common);
                states.get(part.state).add(new Edge(new Expression.Text(label), target));
                open.add(new Part(target, at, end, common));
                at = end;
            }
        }
        return new Machine(states, accepting);
    }

    /** {@return how many units both begin with, whole code points: all texts between them in order begin so too} */
    private static int common(String first, String last) {
        int most = Math.min(first.length(), last.length());
        int at = 0;
        while (at < most && first.charAt(at) == last.charAt(at)) {
            at++;
        }
        return at > 0 && at < first.length() && Character.isSurrogatePair(first.charAt(at - 1), first.charAt(at))
                ? at - 1
                : at;
    }
}
