package io.llamanode.engine.schedule;

import io.llamanode.engine.model.AdapterSet;
import io.llamanode.engine.model.BatchPlan.Span;
import io.llamanode.engine.model.KvOperation;
import java.util.ArrayList;
import java.util.List;

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
    /** How often a sequence was shifted. */
    int shifts;
    /** Cells that shifts dropped beyond the older half and what may not move. */
    int wasted;

    KvModel(int slots, boolean canShift, boolean canTruncate, boolean sharesCells, int room) {
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
                cells.removeIf(cell -> cell.position >= from);
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
                cells.removeIf(cell -> cell.position >= from && cell.position < to);
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
                copy.clear();
                for (Cell cell : cells.subList(0, count)) {
                    cell.shared |= sharesCells;
                    copy.add(sharesCells ? cell : new Cell(cell.token, cell.computedWith, cell.position));
                }
            }
        }
    }

    void decode(Span span, AdapterSet adapters, int count) {
        List<Cell> cells = sequences.get(span.slot());
        require(span.position() == cells.size(), span, "the sequence has " + cells.size());
        require(span.position() + count <= room, span, "beyond the context");
        for (int i = 0; i < count; i++) {
            cells.add(new Cell(span.tokens()[span.offset() + i], adapters, cells.size()));
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
