package io.llamanode.grammar.automaton;

import io.llamanode.grammar.automaton.Stack.Frame;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Rules that are called in one step, each with all that comes behind it. Kept from one step to the next. */
final class Calls {
    /** From here on a set is quicker than a look at all. */
    private static final int FEW = 12;

    private final @Nullable List<Frame>[] frames;
    private final @Nullable Set<Frame>[] many;
    private final BitSet called = new BitSet();

    /** @param places of rules, in the order in which they are read */
    @SuppressWarnings({"unchecked", "rawtypes"})
    Calls(int places) {
        frames = new List[places];
        many = new Set[places];
    }

    /** {@return whether it was not there} */
    boolean add(int place, Frame frame) {
        List<Frame> known = frames[place];
        if (known == null) {
            known = new ArrayList<>(2);
            frames[place] = known;
        }
        called.set(place);
        if (known.size() < FEW) {
            if (known.contains(frame)) {
                return false;
            }
        } else {
            Set<Frame> set = many[place];
            if (set == null) {
                set = new HashSet<>(known);
                many[place] = set;
            }
            if (!set.add(frame)) {
                return false;
            }
        }
        known.add(frame);
        return true;
    }

    /** {@return the first place from this one on at which a rule is called, negative if there is none} */
    int next(int place) {
        return called.nextSetBit(place);
    }

    /** {@return what comes behind the rule, which is called no longer} */
    Frame[] take(int place) {
        List<Frame> taken = frames[place];
        frames[place] = null;
        many[place] = null;
        called.clear(place);
        return taken == null ? new Frame[0] : taken.toArray(new Frame[0]);
    }

    /** Forgets all, which a step that was given up has left. */
    void clear() {
        for (int place = called.nextSetBit(0); place >= 0; place = called.nextSetBit(place + 1)) {
            frames[place] = null;
            many[place] = null;
        }
        called.clear();
    }
}
