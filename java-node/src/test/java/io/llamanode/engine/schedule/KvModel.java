package io.llamanode.engine.schedule;

import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.KvOperation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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
        int position;
        /** Whether it is or was another sequence's, too. */
        boolean shared;
        /** Whether what it holds is no number. */
        boolean poisoned;

        Cell(int token, AdapterSet computedWith, int position) {
            this.token = token;
            this.computedWith = computedWith;
            this.position = position;
        }
    }

    private final boolean canShift;
    private final boolean canTruncate;
    private final boolean sharesCells;
    private final int room;
    private final List<List<Cell>> sequences = new ArrayList<>();
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
                List<Cell> cells = sequences.get(sequence);
                require(from >= 0, operation, "begins nowhere");
                require(canTruncate || from == 0 || from >= cells.size(), operation, "a part cannot be forgotten");
                forget(sequence, cell -> cell.position >= from);
            }
            case KvOperation.Discard(int sequence, int from, int to, int end) -> {
                List<Cell> cells = sequences.get(sequence);
                require(canShift, operation, "this model cannot shift");
                require(from >= 0 && from < to && to < end, operation, "no such range");
                require(cells.size() == end, operation, "has " + cells.size());
                int least = (end - from) / 2;
                for (Cell cell : cells) {
                    least = Math.max(least, cell.shared ? cell.position + 1 - from : 0);
                }
                wasted += Math.max(0, to - from - least);
                forget(sequence, cell -> cell.position >= from && cell.position < to);
                for (Cell cell : cells) {
                    cell.position -= cell.position >= to ? to - from : 0;
                }
                shifts++;
            }
            case KvOperation.Copy(int source, int sequence, int count) -> {
                List<Cell> cells = sequences.get(source);
                require(canTruncate, operation, "this model cannot take a part");
                require(source != sequence && count > 0 && count <= cells.size(), operation, "no such cells");
                List<Cell> copy = sequences.get(sequence);
                forget(sequence, cell -> true);
                for (Cell cell : cells.subList(0, count)) {
                    cell.shared |= sharesCells;
                    Cell own = sharesCells ? cell : new Cell(cell.token, cell.computedWith, cell.position);
                    own.poisoned = cell.poisoned;
                    copy.add(own);
                }
            }
            case KvOperation.Cleanse(List<KvOperation.Beginning> kept) -> {
                Map<Integer, Integer> counts = new HashMap<>();
                kept.forEach(beginning -> counts.put(beginning.sequence(), beginning.count()));
                for (int i = 0; i < sequences.size(); i++) {
                    List<Cell> cells = sequences.get(i);
                    int count = counts.getOrDefault(i, 0);
                    require(count <= cells.size(), operation, "not so many are there");
                    require(
                            canTruncate || count == 0 || count == cells.size(),
                            operation,
                            "a part cannot be forgotten");
                    cells.subList(count, cells.size()).clear();
                    // What two had in common is each one's own now.
                    cells.replaceAll(cell -> {
                        Cell own = new Cell(cell.token, cell.computedWith, cell.position);
                        own.poisoned = cell.poisoned;
                        return own;
                    });
                }
                spoiled.clear();
            }
        }
    }

    private void forget(int sequence, Predicate<Cell> which) {
        List<Cell> cells = sequences.get(sequence);
        if (cells.stream().anyMatch(cell -> which.test(cell) && cell.poisoned)) {
            spoiled.add(sequence);
        }
        cells.removeIf(which);
    }

    /** {@return whether the logits behind a sequence are no numbers: a cell that it is multiplied with holds none} */
    boolean unusable(int sequence) {
        return sharesCells
                ? !spoiled.isEmpty() || sequences.stream().anyMatch(KvModel::poisoned)
                : spoiled.contains(sequence) || poisoned(sequences.get(sequence));
    }

    private static boolean poisoned(List<Cell> cells) {
        return cells.stream().anyMatch(cell -> cell.poisoned);
    }

    void decode(Span span, AdapterSet adapters, int count) {
        List<Cell> cells = sequences.get(span.slot());
        require(span.position() == cells.size(), span, "the sequence has " + cells.size());
        require(span.position() + count <= room, span, "beyond the context");
        for (int i = 0; i < count; i++) {
            Cell cell = new Cell(span.tokens()[span.offset() + i], adapters, cells.size());
            cell.poisoned = poison.test(cell.token);
            cells.add(cell);
        }
    }

    /** {@return the tokens of a sequence, each position of which from 0 on has one} */
    int[] tokens(int sequence) {
        List<Cell> cells = sequences.get(sequence);
        int[] tokens = new int[cells.size()];
        for (int i = 0; i < tokens.length; i++) {
            require(cells.get(i).position == i, "sequence " + sequence, "has no position " + i);
            tokens[i] = cells.get(i).token;
        }
        return tokens;
    }

    /** {@return whether every cell of a sequence was computed with a set} */
    boolean computedWith(int sequence, AdapterSet adapters) {
        for (Cell cell : sequences.get(sequence)) {
            if (!cell.computedWith.equals(adapters)) {
                return false;
            }
        }
        return true;
    }

    private static void require(boolean holds, Object what, String why) {
        if (!holds) {
            throw new AssertionError(what + ": " + why);
        }
    }
}
