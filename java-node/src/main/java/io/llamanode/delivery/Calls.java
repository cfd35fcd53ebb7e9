package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangRef;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls that wait for something, by the aliases that their callers gave as tags. A caller that gives up tells the
 * alias, and what only this caller waits for is ended. For any thread.
 */
final class Calls {
    /** JInterface's own equality is not relied upon: it ignores the creation in some versions. */
    private record Alias(String node, int creation, List<Integer> ids) {
        static Alias of(OtpErlangRef ref) {
            return new Alias(
                    ref.node(), ref.creation(), Arrays.stream(ref.ids()).boxed().toList());
        }
    }

    private final ConcurrentHashMap<Alias, Runnable> waiting = new ConcurrentHashMap<>();

    /** A call that is answered once. */
    final class Call implements Consumer<OtpErlangObject> {
        private final @Nullable OtpErlangRef tag;
        private final Consumer<OtpErlangObject> reply;
        private @Nullable Alias alias;
        private boolean answered;

        private Call(@Nullable OtpErlangRef tag, Consumer<OtpErlangObject> reply) {
            this.tag = tag;
            this.reply = reply;
        }

        @Override
        public void accept(OtpErlangObject answer) {
            synchronized (this) {
                answered = true;
                if (alias != null) {
                    waiting.remove(alias);
                }
            }
            reply.accept(answer);
        }

        /** @param undo run if the caller gives up before the answer */
        synchronized void whenGivenUp(Runnable undo) {
            if (tag != null && !answered) {
                if (alias == null) {
                    alias = Alias.of(tag);
                }
                waiting.put(alias, undo);
            }
        }
    }

    /**
     * Begins a call.
     *
     * @param tag the alias of the caller, or {@code null} if it used none and cannot give up
     */
    Call begin(@Nullable OtpErlangRef tag, Consumer<OtpErlangObject> reply) {
        return new Call(tag, reply);
    }

    /** A caller waits no more; nothing if it does not wait for anything here. */
    void giveUp(OtpErlangRef tag) {
        if (waiting.isEmpty()) {
            return;
        }
        Runnable undo = waiting.remove(Alias.of(tag));
        if (undo != null) {
            undo.run();
        }
    }

    /** {@return how many wait} */
    int size() {
        return waiting.size();
    }
}
