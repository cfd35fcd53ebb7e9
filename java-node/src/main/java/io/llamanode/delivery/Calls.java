package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangRef;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls that wait for something, by the aliases that their callers gave as tags. A caller that gives up tells the
 * alias, and what only this caller waits for is ended. For any thread.
 */
final class Calls {
    private final ConcurrentHashMap<CallAlias, Call> waiting = new ConcurrentHashMap<>();

    /** A call that is answered once, or is over without an answer. */
    final class Call implements Consumer<OtpErlangObject> {
        private final @Nullable CallAlias alias;
        private final Consumer<OtpErlangObject> reply;
        private @Nullable Runnable undo;
        private Runnable whenOver = () -> {};
        private boolean over;

        private Call(@Nullable CallAlias alias, Consumer<OtpErlangObject> reply) {
            this.alias = alias;
            this.reply = reply;
        }

        @Override
        public void accept(OtpErlangObject answer) {
            end();
            reply.accept(answer);
        }

        /** There will be no answer. */
        void end() {
            Runnable then;
            synchronized (this) {
                over = true;
                then = whenOver;
                whenOver = () -> {};
                if (undo != null && alias != null) {
                    waiting.remove(alias, this);
                }
            }
            then.run();
        }

        /** @param then run once, before the answer or without one */
        synchronized void whenOver(Runnable then) {
            whenOver = then;
        }

        /** {@return what names it, or {@code null} if its caller cannot give up} */
        @Nullable
        CallAlias alias() {
            return alias;
        }

        /** @param then run if the caller gives up before the answer; the last one counts */
        synchronized void whenGivenUp(Runnable then) {
            if (alias != null && !over) {
                undo = then;
                waiting.put(alias, this);
            }
        }

        private void giveUp() {
            Runnable then;
            synchronized (this) {
                then = over ? null : undo;
            }
            if (then != null) {
                then.run();
                end();
            }
        }
    }

    /**
     * Begins a call.
     *
     * @param tag the alias of the caller, or {@code null} if it used none and cannot give up
     */
    Call begin(@Nullable OtpErlangRef tag, Consumer<OtpErlangObject> reply) {
        return new Call(tag == null ? null : CallAlias.of(tag), reply);
    }

    /** A caller waits no more; nothing if it does not wait for anything here. */
    void giveUp(OtpErlangRef tag) {
        if (waiting.isEmpty()) {
            return;
        }
        Call call = waiting.remove(CallAlias.of(tag));
        if (call != null) {
            call.giveUp();
        }
    }

    /** {@return how many wait} */
    int size() {
        return waiting.size();
    }
}
