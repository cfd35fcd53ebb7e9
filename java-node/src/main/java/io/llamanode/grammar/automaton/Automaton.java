package io.llamanode.grammar.automaton;

import io.llamanode.grammar.rule.Grammar;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A grammar as nodes and edges, no rule of which begins with itself. Bytes that no edge tells apart are one class.
 *
 * <p>Never changes but for what it has found out about its nodes: for one thread at a time.
 */
public final class Automaton {
    private static final int BYTES = 256;
    /** What is reached from a node, and where it was met. */
    private static final long NODE_WEIGHT = 64;

    private static final long RULE_WEIGHT = 96;

    private final Nodes nodes;
    private final Rules rules;
    private final boolean[] nullable;
    private final int[] order;
    private final int[] byOrder;
    private final @Nullable Closure[] closures;
    private final Reach reach;
    private final byte[] classes = new byte[BYTES];
    private final int classCount;
    private final int root;

    /**
     * What is reached from a node without reading anything.
     *
     * @param reading nodes that read a byte
     * @param rules that are called
     * @param returns the node behind each call
     * @param tails whether nothing can be read behind a call, and the rule that it stands in is over then
     * @param end whether the rule of the node may be over
     */
    record Closure(int[] reading, int[] rules, int[] returns, boolean[] tails, boolean end) {}

    Automaton(Nodes nodes, Rules rules, Beginnings beginnings, int root) {
        this.nodes = nodes;
        this.rules = rules;
        this.root = root;
        this.nullable = beginnings.nullable();
        this.closures = new Closure[nodes.size()];
        this.classCount = classify();
        this.reach = new Reach(nodes);
        List<int[]> groups = beginnings.groups();
        this.order = new int[rules.size()];
        this.byOrder = new int[rules.size()];
        for (int place = 0; place < byOrder.length; place++) {
            byOrder[place] = groups.get(byOrder.length - 1 - place)[0];
            order[byOrder[place]] = place;
        }
    }

    /**
     * Builds the automaton of a grammar.
     *
     * @param grammar with any recursion
     * @param mostNodes that it may take
     * @return it
     * @throws GrammarLimitException if it takes more
     * @throws IllegalArgumentException if a rule is missing
     */
    public static Automaton of(Grammar grammar, int mostNodes) {
        return Builder.build(grammar, mostNodes);
    }

    private int classify() {
        BitSet begins = new BitSet(BYTES);
        for (int edge = 0; edge < nodes.edges(); edge++) {
            if (nodes.kind(edge) == Nodes.Kind.BYTES) {
                begins.set(nodes.first(edge));
                begins.set(nodes.last(edge) + 1);
            }
        }
        int number = 0;
        for (int value = 0; value < BYTES; value++) {
            if (value > 0 && begins.get(value)) {
                number++;
            }
            classes[value] = (byte) number;
        }
        nodes.classify(classes);
        return number + 1;
    }

    /** {@return how many classes of bytes there are} */
    int classCount() {
        return classCount;
    }

    /**
     * {@return the class of a byte, 0 to 255: no state tells bytes of one class apart}
     *
     * @param value the byte
     */
    public int classOf(int value) {
        return Byte.toUnsignedInt(classes[value & 0xff]);
    }

    /** {@return how many nodes it has} */
    public int size() {
        return nodes.size();
    }

    /** {@return bytes that it takes once all of it has been looked at, if only about} */
    public long weight() {
        return nodes.weight() + NODE_WEIGHT * nodes.size() + RULE_WEIGHT * rules.size();
    }

    int ruleCount() {
        return rules.size();
    }

    int root() {
        return root;
    }

    Rules.Rule rule(int number) {
        return rules.get(number);
    }

    /** {@return whether a rule may be over before anything is read} */
    boolean isNullable(int rule) {
        return nullable[rule];
    }

    /** {@return the place of a rule in an order in which every rule comes before those that it can begin with} */
    int placeOf(int rule) {
        return order[rule];
    }

    /** {@return the rule that has a place in that order} */
    int ruleAt(int place) {
        return byOrder[place];
    }

    /** Tells each target of a node for a class of bytes. */
    int firstEdge(int node) {
        return nodes.edge(node);
    }

    int nextEdge(int edge) {
        return nodes.next(edge);
    }

    /** {@return whether an edge reads a byte} */
    boolean reads(int edge) {
        return nodes.kind(edge) == Nodes.Kind.BYTES;
    }

    /** {@return the first class of bytes that an edge reads} */
    int firstClass(int edge) {
        return nodes.first(edge);
    }

    /** {@return the last class of bytes that an edge reads} */
    int lastClass(int edge) {
        return nodes.last(edge);
    }

    int target(int edge) {
        return nodes.target(edge);
    }

    Closure closure(int node) {
        Closure known = closures[node];
        if (known == null) {
            known = find(node);
            closures[node] = known;
        }
        return known;
    }

    private Closure find(int from) {
        reach.from(from, rule -> nullable[rule]);
        int reads = 0;
        int calls = 0;
        boolean end = false;
        for (int i = 0; i < reach.size(); i++) {
            int node = reach.get(i);
            end |= nodes.isEnd(node);
            reads += readsAny(node) ? 1 : 0;
            for (int edge = nodes.edge(node); edge >= 0; edge = nodes.next(edge)) {
                calls += nodes.kind(edge) == Nodes.Kind.CALL ? 1 : 0;
            }
        }
        Closure closure = new Closure(new int[reads], new int[calls], new int[calls], new boolean[calls], end);
        for (int i = reach.size() - 1; i >= 0; i--) {
            int node = reach.get(i);
            if (readsAny(node)) {
                closure.reading[--reads] = node;
            }
            for (int edge = nodes.edge(node); edge >= 0; edge = nodes.next(edge)) {
                if (nodes.kind(edge) == Nodes.Kind.CALL) {
                    closure.rules[--calls] = nodes.first(edge);
                    closure.returns[calls] = nodes.target(edge);
                    closure.tails[calls] = isOnlyEnd(nodes.target(edge));
                }
            }
        }
        return closure;
    }

    private boolean readsAny(int node) {
        for (int edge = nodes.edge(node); edge >= 0; edge = nodes.next(edge)) {
            if (reads(edge)) {
                return true;
            }
        }
        return false;
    }

    /** {@return whether nothing can come from here on but the end of the rule} */
    private boolean isOnlyEnd(int from) {
        int node = from;
        // A line of empty edges; what forks is left alone, which costs a little and is not wrong.
        for (int steps = 0; steps < BYTES; steps++) {
            int edge = nodes.edge(node);
            if (edge < 0) {
                return nodes.isEnd(node);
            }
            if (nodes.kind(edge) != Nodes.Kind.EMPTY || nodes.next(edge) >= 0) {
                return false;
            }
            node = nodes.target(edge);
        }
        return false;
    }

    @Override
    public String toString() {
        return "%d nodes, %d rules, %d classes of %s"
                .formatted(nodes.size(), rules.size(), classCount, Arrays.toString(classes));
    }
}
