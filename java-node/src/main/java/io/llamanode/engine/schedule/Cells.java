package io.llamanode.engine.schedule;

import io.llamanode.engine.contract.EngineConfig;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.model.KvOperation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** What the slots' sequences hold in the KV cache, and the changes of it that the next plan carries. */
final class Cells {
    private final EngineConfig config;
    private final boolean canShift;
    private final boolean sharesCells;
    private final IntPredicate beginsText;
    private final List<KvOperation> changes = new ArrayList<>();
    private long shifts;

    Cells(EngineConfig config, boolean canShift, boolean sharesCells, IntPredicate beginsText) {
        this.config = config;
        this.canShift = canShift;
        this.sharesCells = sharesCells;
        this.beginsText = beginsText;
    }

    /** {@return the changes since the last call, in order} */
    List<KvOperation> takeChanges() {
        List<KvOperation> taken = List.copyOf(changes);
        changes.clear();
        return taken;
    }

    /** {@return how many contexts dropped their older half} */
    long shifts() {
        return shifts;
    }

    /** A sequence forgets what is beyond what its slot knows of. */
    void cutBack(Slot slot) {
        changes.add(new KvOperation.Truncate(slot.id, slot.cached.size()));
    }

    /** Nothing stays but what the slots know of, not even in cells that are forgotten. */
    void cleanse(List<Slot> slots) {
        List<KvOperation.Beginning> kept = new ArrayList<>();
        for (Slot slot : slots) {
            // What two had in common is each one's own from here on.
            slot.shared = 0;
            if (slot.cached.size() > 0) {
                kept.add(new KvOperation.Beginning(slot.id, slot.cached.size()));
            }
        }
        changes.add(new KvOperation.Cleanse(kept));
    }

    /** A sequence begins as another one does. */
    void copy(Slot donor, Slot slot, int count) {
        changes.add(new KvOperation.Copy(donor.id, slot.id, count));
        slot.cached.truncate(0);
        slot.cached.addAll(donor.cached, count);
        slot.genuine = Integer.MAX_VALUE;
        slot.lends = donor.lends;
        slot.customer = donor.customer;
        slot.proven = donor.proven;
        if (sharesCells) {
            slot.shared = count;
            donor.shared = Math.max(donor.shared, count);
        }
    }

    /** A sequence forgets what is behind its first tokens. */
    void truncate(Slot slot, int size) {
        if (slot.cached.size() > size) {
            slot.shared = Math.min(slot.shared, size);
            slot.cached.truncate(size);
            slot.genuine = size <= slot.genuine ? Integer.MAX_VALUE : slot.genuine;
            changes.add(new KvOperation.Truncate(slot.id, size));
        }
    }

    /** Drops the older half of what is not kept. {@return whether that is possible} */
    boolean shift(Slot slot) {
        GenerationRequest request = slot.work();
        if (!canShift || !request.contextShift() || request.maxTokens() == GenerationRequest.TO_END_OF_CONTEXT) {
            return false;
        }
        int size = slot.cached.size();
        int[] prompt = request.prompt();
        int wanted =
                request.nKeep() < 0 ? prompt.length : Math.max(request.nKeep(), beginsText.test(prompt[0]) ? 1 : 0);
        // However much the request wants to keep, a shift makes room for some tokens, as it holds up every slot.
        int keep = Math.min(wanted, size - Math.max(2, config.nCtx() / 4));
        // What another sequence holds as well must not move; it is dropped here instead. It is less than all, because
        // the
        // last token of a text is always evaluated by the sequence itself.
        int discard = Math.max((size - keep) / 2, slot.shared - keep);
        changes.add(new KvOperation.Discard(slot.id, keep, keep + discard, size));
        slot.cached.remove(keep, keep + discard);
        slot.genuine = Math.min(slot.genuine, keep);
        slot.progress().dropped(keep, keep + discard);
        slot.shared = Math.min(slot.shared, keep);
        shifts++;
        return true;
    }
}
