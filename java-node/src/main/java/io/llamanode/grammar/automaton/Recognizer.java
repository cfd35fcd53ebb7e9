package io.llamanode.grammar.automaton;

import io.llamanode.grammar.automaton.Automaton.Closure;
import io.llamanode.grammar.automaton.Stack.Frame;
import io.llamanode.grammar.rule.Arrangement;
import io.llamanode.grammar.rule.Arrived;
import io.llamanode.grammar.rule.Expression.Repeat;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads texts byte by byte. Where a text can stand is a {@link State}; states are made when they are first reached and kept, so
 * that a way gone once costs one look.
 *
 * <p>A step goes in three parts. Every node that reads the byte goes on. Where a rule is over then, whatever waited for it goes
 * on. The rules that are called now are begun last, each behind all those that may come before it: all of its callers are known
 * then, and share one stack. No rule begins with itself, so that there is such an order.
 *
 * <p>For one thread at a time.
 */
public final class Recognizer {
    /** The target of the frame under all others: the text is complete. */
    private static final int COMPLETE = -1;
    /** Targets of frames that know what has come of a repetition or a permutation: the number of its rule, taken from this. */
    private static final int LOOP = -2;

    private static final Comparator<Frame> ORDER = Comparator.comparingInt(Frame::target)
            .thenComparingInt(frame -> frame.parent() == null ? -1 : frame.parent().id)
            .thenComparingInt(Frame::count)
            .thenComparing(Frame::arrived, Comparator.nullsFirst(Comparator.naturalOrder()));

    private final Automaton automaton;
    private final Limits limits;
    private final Map<State, State> states = new HashMap<>();
    private final Map<Stack, Stack> stacks = new HashMap<>();
    private final State dead;
    private int nextStack = 1;
    private int epoch;
    private long memory;

    // Of the step that is made now.
    private final PlaceSet seen = new PlaceSet();
    private final Calls calls;
    private final Set<Stack> popped = new HashSet<>();
    private final Deque<Stack> toPop = new ArrayDeque<>();
    private int[] nodes = new int[16];
    private Stack[] behind = new Stack[16];
    private final PlaceSet placed = new PlaceSet();
    private int size;
    private int work;
    private boolean complete;

    /**
     * Has read nothing yet.
     *
     * @param automaton whose texts are read; of no other thread meanwhile
     * @param limits of each step
     */
    public Recognizer(Automaton automaton, Limits limits) {
        this.automaton = automaton;
        this.limits = limits;
        this.calls = new Calls(automaton.ruleCount());
        this.dead = new State(new int[0], new Stack[0], new long[0], false, 0);
    }

    /**
     * Begins a text.
     *
     * @return the state before its first byte
     * @throws GrammarLimitException if it takes too much
     */
    public State start() {
        begin();
        calls.add(automaton.placeOf(automaton.root()), new Frame(COMPLETE, null, 0));
        complete = automaton.isNullable(automaton.root());
        return finish();
    }

    /**
     * Reads a byte.
     *
     * @param from where the text is
     * @param value the byte, 0 to 255
     * @return where it is then, or {@code null} if the byte can not come there
     * @throws GrammarLimitException if it takes too much
     */
    public @Nullable State next(State from, int value) {
        int byteClass = automaton.classOf(value);
        @Nullable State[] next = from.next;
        State known = next == null ? null : next[byteClass];
        if (known == null) {
            known = step(from, byteClass);
        }
        return known == dead ? null : known;
    }

    /**
     * The same state, if it is to be kept for long: what has been found out is forgotten now and then, and a state of before
     * would hold all of it.
     *
     * @param state any of this recognizer's
     * @return what stands for it now
     */
    public State current(State state) {
        return state.epoch == epoch
                ? state
                : intern(new State(state.nodes, state.stacks, state.places, state.complete, epoch));
    }

    /** {@return bytes that all states and stacks take, if only about} */
    public long weight() {
        return memory;
    }

    private void begin() {
        if (memory > limits.memory()) {
            states.clear();
            stacks.clear();
            memory = 0;
            epoch++;
        }
        seen.clear();
        placed.clear();
        calls.clear();
        popped.clear();
        toPop.clear();
        size = 0;
        work = 0;
        complete = false;
    }

    /** Bytes next to this one, up to where any edge begins or ends, lead to the same state. */
    private State step(State from, int byteClass) {
        begin();
        int low = 0;
        int high = automaton.classCount() - 1;
        for (int i = 0; i < from.nodes.length; i++) {
            for (int edge = automaton.firstEdge(from.nodes[i]); edge >= 0; edge = automaton.nextEdge(edge)) {
                work();
                if (!automaton.reads(edge)) {
                    continue;
                }
                int first = automaton.firstClass(edge);
                int last = automaton.lastClass(edge);
                if (last < byteClass) {
                    low = Math.max(low, last + 1);
                } else if (first > byteClass) {
                    high = Math.min(high, first - 1);
                } else {
                    low = Math.max(low, first);
                    high = Math.min(high, last);
                    reach(automaton.target(edge), from.stacks[i]);
                }
            }
        }
        while (!toPop.isEmpty()) {
            pop(toPop.remove());
        }
        State found = finish();
        @Nullable State[] next = from.next;
        if (next == null) {
            next = new State[automaton.classCount()];
            from.next = next;
        }
        Arrays.fill(next, low, high + 1, found);
        return found;
    }

    /** Begins the rules that are called, and makes a state of all places. */
    private State finish() {
        for (int place = calls.next(0); place >= 0; place = calls.next(place)) {
            int rule = automaton.ruleAt(place);
            Stack stack = stack(calls.take(place));
            switch (automaton.rule(rule)) {
                case Rules.Loop loop -> call(loop.body(), new Frame(LOOP - rule, stack, 0));
                case Rules.Permutation permutation ->
                    members(rule, permutation, permutation.arrangement().begin(), stack);
                // That it may be over at once has been seen where it is called.
                case Rules.Between between -> enter(automaton.closure(between.start()), stack);
            }
        }
        if (size == 0 && !complete) {
            return dead;
        }
        return intern(state());
    }

    private State state() {
        long[] places = new long[size];
        for (int i = 0; i < size; i++) {
            places[i] = PlaceSet.place(nodes[i], behind[i].id);
        }
        int[] order = Sorting.order(places);
        int[] sortedNodes = new int[size];
        Stack[] sortedStacks = new Stack[size];
        for (int i = 0; i < size; i++) {
            sortedNodes[i] = nodes[order[i]];
            sortedStacks[i] = behind[order[i]];
        }
        return new State(sortedNodes, sortedStacks, places, complete, epoch);
    }

    private State intern(State state) {
        State known = states.putIfAbsent(state, state);
        if (known != null) {
            return known;
        }
        memory += state.weight(automaton.classCount());
        return state;
    }

    /** A node is reached behind a byte. */
    private void reach(int node, Stack stack) {
        work();
        if (seen.add(PlaceSet.place(node, stack.id))) {
            Closure closure = automaton.closure(node);
            enter(closure, stack);
            if (closure.end() && popped.add(stack)) {
                toPop.add(stack);
            }
        }
    }

    private void enter(Closure closure, Stack stack) {
        for (int node : closure.reading()) {
            place(node, stack);
        }
        for (int i = 0; i < closure.rules().length; i++) {
            int rule = closure.rules()[i];
            if (closure.tails()[i]) {
                // Nothing is left behind the call: what waits for this rule waits for that one.
                for (Frame frame : stack.frames) {
                    call(rule, frame);
                }
            } else {
                call(rule, new Frame(closure.returns()[i], stack, 0));
            }
        }
    }

    private void call(int rule, Frame frame) {
        work();
        calls.add(automaton.placeOf(rule), frame);
    }

    private void place(int node, Stack stack) {
        work();
        if (!placed.add(PlaceSet.place(node, stack.id))) {
            return;
        }
        if (size == nodes.length) {
            nodes = Arrays.copyOf(nodes, 2 * size);
            behind = Arrays.copyOf(behind, 2 * size);
        }
        nodes[size] = node;
        behind[size++] = stack;
    }

    /** A rule is over: what waits for it goes on. */
    private void pop(Stack stack) {
        for (Frame frame : stack.frames) {
            work();
            if (frame.target() == COMPLETE) {
                complete = true;
            } else if (frame.target() <= LOOP) {
                turn(LOOP - frame.target(), frame, Objects.requireNonNull(frame.parent()));
            } else {
                reach(frame.target(), Objects.requireNonNull(frame.parent()));
            }
        }
    }

    /** One more turn of a repetition, or one more member, has been read. */
    private void turn(int rule, Frame frame, Stack behindAll) {
        if (automaton.rule(rule) instanceof Rules.Permutation permutation) {
            next(rule, permutation, Objects.requireNonNull(frame.arrived()), behindAll);
        } else if (automaton.rule(rule) instanceof Rules.Loop loop) {
            turn(rule, loop, frame.count() + 1, behindAll);
        }
    }

    /** A member, or what stands behind one, has been read. */
    private void next(int rule, Rules.Permutation permutation, Arrived arrived, Stack behindAll) {
        if (arrived.isSeparated()) {
            members(rule, permutation, arrived, behindAll);
            return;
        }
        Arrangement arrangement = permutation.arrangement();
        if (arrangement.mayEnd(arrived) && popped.add(behindAll)) {
            toPop.add(behindAll);
        }
        if (permutation.separator() == Rules.NO_SEPARATOR) {
            members(rule, permutation, arrived, behindAll);
            return;
        }
        for (int slot = 0; slot < permutation.members().length; slot++) {
            work();
            if (arrangement.mayCome(arrived, slot)) {
                call(permutation.separator(), new Frame(LOOP - rule, behindAll, 0, arrived.separate()));
                return;
            }
        }
    }

    private void members(int rule, Rules.Permutation permutation, Arrived arrived, Stack behindAll) {
        Arrangement arrangement = permutation.arrangement();
        for (int slot = 0; slot < permutation.members().length; slot++) {
            if (arrangement.mayCome(arrived, slot)) {
                call(
                        permutation.members()[slot],
                        new Frame(LOOP - rule, behindAll, 0, arrangement.with(arrived, slot)));
            }
        }
    }

    private void turn(int rule, Rules.Loop loop, int count, Stack behindAll) {
        int min = automaton.isNullable(loop.body()) ? 0 : loop.min();
        boolean bounded = loop.max() != Repeat.NO_BOUND;
        if (count >= min && popped.add(behindAll)) {
            toPop.add(behindAll);
        }
        if (!bounded || count < loop.max()) {
            // Behind the least number, turns without a bound need not be told apart.
            call(loop.body(), new Frame(LOOP - rule, behindAll, bounded ? count : Math.min(count, min)));
        }
    }

    private Stack stack(Frame[] frames) {
        if (frames.length > 1) {
            Arrays.sort(frames, ORDER);
        }
        Stack stack = new Stack(nextStack, frames);
        Stack known = stacks.putIfAbsent(stack, stack);
        if (known != null) {
            return known;
        }
        if (stack.depth > limits.depth()) {
            throw new GrammarLimitException("more than %d of its rules stand in each other".formatted(limits.depth()));
        }
        nextStack++;
        memory += 64 + 40L * frames.length;
        return stack;
    }

    private void work() {
        if (++work > limits.work()) {
            throw new GrammarLimitException(
                    "a byte can be read in more than %d ways at one place".formatted(limits.work()));
        }
    }
}
