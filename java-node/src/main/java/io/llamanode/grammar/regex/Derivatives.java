package io.llamanode.grammar.regex;

import io.llamanode.grammar.automaton.GrammarLimitException;
import io.llamanode.grammar.regex.Regular.And;
import io.llamanode.grammar.regex.Regular.Chars;
import io.llamanode.grammar.regex.Regular.Choice;
import io.llamanode.grammar.regex.Regular.Empty;
import io.llamanode.grammar.regex.Regular.Not;
import io.llamanode.grammar.regex.Regular.Repeat;
import io.llamanode.grammar.regex.Regular.Sequence;
import io.llamanode.grammar.rule.CodePoints;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What may come behind a character (Brzozowski, "Derivatives of regular expressions", 1964), and which characters a language
 * does not tell apart. Its work is counted, and bounded.
 *
 * <p>For one thread, and one machine.
 */
final class Derivatives {
    private static final int MOST_WORK = 400_000;

    private final Map<Set<Chars>, List<CodePoints>> partitions = new HashMap<>();
    private final int mostWork;
    private int work;

    Derivatives() {
        this(MOST_WORK);
    }

    Derivatives(int mostWork) {
        this.mostWork = mostWork;
    }

    private void work(int steps) {
        work += steps;
        if (work > mostWork) {
            throw new GrammarLimitException(
                    "its patterns and bounds take more than %d steps to combine".formatted(mostWork));
        }
    }

    Regular of(Regular one, int codePoint) {
        work(1);
        return switch (one) {
            case Empty _ -> Regular.NOTHING;
            case Chars chars -> {
                work(chars.set.ranges().size() / 8);
                yield chars.set.contains(codePoint) ? Regular.EMPTY : Regular.NOTHING;
            }
            case Sequence sequence -> {
                Regular behind = Algebra.sequence(of(sequence.first, codePoint), sequence.rest);
                yield sequence.first.nullable ? Algebra.choice(List.of(behind, of(sequence.rest, codePoint))) : behind;
            }
            case Choice choice -> Algebra.choice(each(choice.all, codePoint));
            case Repeat repeat ->
                Algebra.sequence(
                        of(repeat.body, codePoint),
                        Algebra.repeat(
                                repeat.body,
                                Math.max(0, repeat.min - 1),
                                repeat.max == Regular.NO_BOUND ? Regular.NO_BOUND : repeat.max - 1));
            case And and -> Algebra.and(each(and.all, codePoint));
            case Not not -> Algebra.not(of(not.one, codePoint));
        };
    }

    private List<Regular> each(Set<Regular> all, int codePoint) {
        work(all.size());
        List<Regular> behind = new ArrayList<>(all.size());
        for (Regular one : all) {
            behind.add(of(one, codePoint));
        }
        return behind;
    }

    /** {@return sets of characters, apart from each other: those of one set have the same derivative, and those of none none} */
    List<CodePoints> classes(Regular one) {
        Set<Chars> begins = new LinkedHashSet<>();
        collect(one, begins);
        return partitions.computeIfAbsent(begins, this::partition);
    }

    /** The sets that a text may begin with. A complement begins with any character. */
    private void collect(Regular one, Set<Chars> begins) {
        work(1);
        switch (one) {
            case Empty _ -> {}
            case Chars chars -> begins.add(chars);
            case Sequence sequence -> {
                collect(sequence.first, begins);
                if (sequence.first.nullable) {
                    collect(sequence.rest, begins);
                }
            }
            case Choice choice -> choice.all.forEach(each -> collect(each, begins));
            case Repeat repeat -> collect(repeat.body, begins);
            case And and -> and.all.forEach(each -> collect(each, begins));
            case Not not -> {
                begins.add((Chars) Regular.ANY_CHARACTER);
                collect(not.one, begins);
            }
        }
    }

    private List<CodePoints> partition(Set<Chars> begins) {
        TreeSet<Integer> edges = new TreeSet<>();
        for (Chars chars : begins) {
            for (CodePoints.Range range : chars.set.ranges()) {
                edges.add(range.first());
                edges.add(range.last() + 1);
            }
        }
        work(edges.size());
        List<Integer> starts = new ArrayList<>(edges);
        BitSet[] members = new BitSet[starts.size()];
        for (int i = 0; i < members.length; i++) {
            members[i] = new BitSet();
        }
        int number = 0;
        for (Chars chars : begins) {
            for (CodePoints.Range range : chars.set.ranges()) {
                int last = Collections.binarySearch(starts, range.last() + 1);
                for (int i = Collections.binarySearch(starts, range.first()); i < last; i++) {
                    members[i].set(number);
                }
                work(1);
            }
            number++;
        }
        Map<BitSet, List<CodePoints.Range>> groups = new LinkedHashMap<>();
        for (int i = 0; i + 1 < members.length; i++) {
            if (!members[i].isEmpty()) {
                groups.computeIfAbsent(members[i], _ -> new ArrayList<>())
                        .add(new CodePoints.Range(starts.get(i), starts.get(i + 1) - 1));
            }
        }
        return groups.values().stream()
                .map(CodePoints::new)
                .filter(set -> !set.isEmpty())
                .toList();
    }
}
