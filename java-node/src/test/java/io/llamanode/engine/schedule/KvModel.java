package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.KvOperation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * What llama.cpp keeps: cells, each with a token and a position, and the sequences that they belong to. It does what plans say
 * and refuses what the library could not do; it knows nothing of the scheduler.
 */
final class KvModel {
    /** A cell has one position, whichever sequences it belongs to. */
    private static final class Cell {
        final int token;
        final AdapterSet computedWith;
        /** Of the tokens that it was computed behind. */
        final int behind;

        int position;
        /** Whether it is or was another sequence's, too. */
        boolean shared;
        /** Whether what it holds is no number. */
        boolean poisoned;

        Cell(int token, AdapterSet computedWith, int behind, int position) {
            this.token = token;
            this.computedWith = computedWith;
            this.behind = behind;
            this.position = position;
        }

        /** {@return the same as a cell of its own} */
        Cell copy() {
            Cell copy = new Cell(token, computedWith, behind, position);
            copy.poisoned = poisoned;
            return copy;
        }

        /** {@return what the next one is computed behind} */
        int chain() {
            return behind * 31 + token + 1;
        }
    }

    /**
     * A cell as one sequence has it.
     *
     * @param users whose requests have worked with it there, or where it was copied from
     */
    private record Held(Cell cell, Set<GenerationRequest> users) {
        /** {@return the same for another sequence} */
        Held copy(boolean shared) {
            Set<GenerationRequest> same = Collections.newSetFromMap(new IdentityHashMap<>());
            same.addAll(users);
            return new Held(shared ? cell : cell.copy(), same);
        }
    }

    private final boolean canShift;
    private final boolean canTruncate;
    private final boolean sharesCells;
    private final int room;
    private final List<List<Held>> sequences = new ArrayList<>();
    /** Sequences in whose own part of the cache a forgotten cell holds what is no number; all of them, where cells are shared. */
    private final Set<Integer> spoiled = new HashSet<>();

    private final IntPredicate poison;
    /** How often a sequence was shifted. */
    int shifts;
    /** Cells that shifts dropped beyond the older half and what may not move. */
    int wasted;

    KvModel(int slots, boolean canShift, boolean canTruncate, boolean sharesCells, int room, IntPredicate poison) {
        this.poison = poison;
        this.canShift = canShift;
        this.canTruncate = canTruncate;
        this.sharesCells = sharesCells;
        this.room = room;
        for (int i = 0; i < slots; i++) {
            sequences.add(new ArrayList<>());
        }
    }

    void apply(KvOperation operation) {
        switch (operation) {
            case KvOperation.Truncate(int sequence, int from) -> {
                List<Held> cells = sequences.get(sequence);
                require(from >= 0, operation, "begins nowhere");
                require(canTruncate || from == 0 || from >= cells.size(), operation, "a part cannot be forgotten");
                forget(sequence, cell -> cell.position >= from);
            }
            case KvOperation.Discard(int sequence, int from, int to, int end) -> {
                List<Held> cells = sequences.get(sequence);
                require(canShift, operation, "this model cannot shift");
                require(from >= 0 && from < to && to < end, operation, "no such range");
                require(cells.size() == end, operation, "has " + cells.size());
                int least = (end - from) / 2;
                for (Held held : cells) {
                    least = Math.max(least, held.cell.shared ? held.cell.position + 1 - from : 0);
                }
                wasted += Math.max(0, to - from - least);
                forget(sequence, cell -> cell.position >= from && cell.position < to);
                for (Held held : cells) {
                    held.cell.position -= held.cell.position >= to ? to - from : 0;
                }
                shifts++;
            }
            case KvOperation.Copy(int source, int sequence, int count) -> {
                List<Held> cells = sequences.get(source);
                require(canTruncate, operation, "this model cannot take a part");
                require(source != sequence && count > 0 && count <= cells.size(), operation, "no such cells");
                List<Held> copy = sequences.get(sequence);
                forget(sequence, cell -> true);
                for (Held held : cells.subList(0, count)) {
                    held.cell.shared |= sharesCells;
                    copy.add(held.copy(sharesCells));
                }
            }
            case KvOperation.Cleanse(List<KvOperation.Beginning> kept) -> {
                Map<Integer, Integer> counts = new HashMap<>();
                kept.forEach(beginning -> counts.put(beginning.sequence(), beginning.count()));
                for (int i = 0; i < sequences.size(); i++) {
                    List<Held> cells = sequences.get(i);
                    int count = counts.getOrDefault(i, 0);
                    require(count <= cells.size(), operation, "not so many are there");
                    require(
                            canTruncate || count == 0 || count == cells.size(),
                            operation,
                            "a part cannot be forgotten");
                    cells.subList(count, cells.size()).clear();
                    // What two had in common is each one's own now.
                    cells.replaceAll(held -> held.copy(false));
                }
                spoiled.clear();
            }
        }
    }

    private void forget(int sequence, Predicate<Cell> which) {
        List<Held> cells = sequences.get(sequence);
        if (cells.stream().anyMatch(held -> which.test(held.cell) && held.cell.poisoned)) {
            spoiled.add(sequence);
        }
        cells.removeIf(held -> which.test(held.cell));
    }

    /** {@return whether the logits behind a sequence are no numbers: a cell that it is multiplied with holds none} */
    boolean unusable(int sequence) {
        return sharesCells
                ? !spoiled.isEmpty() || sequences.stream().anyMatch(KvModel::poisoned)
                : spoiled.contains(sequence) || poisoned(sequences.get(sequence));
    }

    private static boolean poisoned(List<Held> cells) {
        return cells.stream().anyMatch(held -> held.cell.poisoned);
    }

    void decode(Span span, AdapterSet adapters, int count) {
        List<Held> cells = sequences.get(span.slot());
        require(span.position() == cells.size(), span, "the sequence has " + cells.size());
        require(span.position() + count <= room, span, "beyond the context");
        for (int i = 0; i < count; i++) {
            int token = span.tokens()[span.offset() + i];
            // Where a shift left something out, what comes next is behind all that was there.
            int behind = cells.isEmpty() ? 0 : cells.getLast().cell.chain();
            Cell cell = new Cell(token, adapters, behind, cells.size());
            cell.poisoned = poison.test(cell.token);
            cells.add(new Held(cell, Collections.newSetFromMap(new IdentityHashMap<>())));
        }
    }

    /** {@return the tokens of a sequence, each position of which from 0 on has one} */
    int[] tokens(int sequence) {
        List<Held> cells = sequences.get(sequence);
        int[] tokens = new int[cells.size()];
        for (int i = 0; i < tokens.length; i++) {
            Cell cell = cells.get(i).cell;
            require(cell.position == i, "sequence " + sequence, "has no position " + i);
            tokens[i] = cell.token;
        }
        return tokens;
    }

    /** {@return whether every cell of a sequence was computed with a set} */
    boolean computedWith(int sequence, AdapterSet adapters) {
        for (Held held : sequences.get(sequence)) {
            if (!held.cell.computedWith.equals(adapters)) {
                return false;
            }
        }
        return true;
    }

    /** A request works with what a sequence holds. {@return whose requests have worked with each of its cells before} */
    List<Set<GenerationRequest>> usedBy(int sequence, GenerationRequest request) {
        List<Set<GenerationRequest>> before = new ArrayList<>();
        for (Held held : sequences.get(sequence)) {
            Set<GenerationRequest> users = held.copy(true).users;
            users.remove(request);
            before.add(users);
            held.users.add(request);
        }
        return before;
    }

    /** {@return how many cells at the front of a sequence are what a context that held nothing else would have computed} */
    int genuine(int sequence) {
        int count = 0;
        int behind = 0;
        for (Held held : sequences.get(sequence)) {
            if (held.cell.behind != behind) {
                break;
            }
            behind = held.cell.chain();
            count++;
        }
        return count;
    }

    private static void require(boolean holds, Object what, String why) {
        if (!holds) {
            throw new AssertionError(what + ": " + why);
        }
    }
}
