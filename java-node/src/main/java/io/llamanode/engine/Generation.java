package io.llamanode.engine;

import io.llamanode.engine.contract.GenerationListener;
import io.llamanode.engine.contract.GenerationListener.Ending;
import io.llamanode.engine.contract.GenerationListener.FailureKind;
import io.llamanode.engine.contract.GenerationListener.Outcome;
import io.llamanode.engine.contract.GenerationRequest;
import io.llamanode.engine.output.StopMatcher;
import io.llamanode.engine.output.Utf8Assembler;
import io.llamanode.engine.sampling.Candidates;
import io.llamanode.engine.sampling.Logits;
import io.llamanode.engine.sampling.Probabilities;
import io.llamanode.engine.sampling.Sampler;
import io.llamanode.engine.sampling.SamplingException;
import io.llamanode.engine.sampling.SamplingParams;
import io.llamanode.engine.sampling.TokenSampler;
import io.llamanode.engine.schedule.Slot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a request needs besides its slot: sampler, text output, clock readings and the listener.
 * Owned by the loop thread.
 */
final class Generation {
    /** A token, which its slot, its outcome and the conversation have, each in an array. */
    private static final long TOKEN = 3L * Integer.BYTES;
    /** A byte of its text, at most a character of two bytes: collected in buffers that double, and then a string. */
    private static final long TEXT_BYTE = 8;
    /** A token that is told with its probability: an entry here, one of the result, its bytes, and all as a term. */
    private static final long ENTRY = 400;

    private static final Logger LOG = LoggerFactory.getLogger(Generation.class);

    private final GenerationRequest request;
    private final GenerationListener listener;
    private final Sampler sampler;
    private final Probabilities probabilities;
    private final List<Probabilities.Entry> entries = new ArrayList<>(0);
    private Probabilities.@Nullable Entry latest;
    private final Utf8Assembler utf8 = new Utf8Assembler();
    private final StopMatcher stops;
    private final long submitted;
    private long admitted;
    private long firstToken;
    private long pausedAt;
    /** Between its turns. */
    private long waited;

    /** Tokens that were sampled and told. */
    private int sampled;

    private @Nullable SamplingException unsampled;

    Generation(
            GenerationRequest request,
            GenerationListener listener,
            Candidates scratch,
            Probabilities probabilities,
            long now) {
        this.probabilities = probabilities;
        this.request = request;
        this.listener = listener;
        this.sampler = request.sampler() != null ? request.sampler() : new TokenSampler(request.sampling(), scratch);
        this.stops = new StopMatcher(request.stop());
        this.submitted = now;
        if (request.sampler() == null) {
            for (int token : request.prompt()) {
                sampler.accept(token);
            }
        }
    }

    GenerationRequest request() {
        return request;
    }

    void admitted(long now) {
        admitted = now;
        guarded(listener::begins);
    }

    void paused(long now) {
        pausedAt = now;
    }

    void resumed(long now) {
        waited += now - pausedAt;
    }

    /** {@return the next token; any, if none can be chosen, which {@link #unsampled} tells} */
    int sample(float[] logits) {
        try {
            // The node's own sampler looks for itself, in the scan that it makes anyway.
            if (request.maxTokens() == 0 || request.sampler() != null) {
                Logits.refuseUnusable(logits);
            }
            if (request.maxTokens() == 0) {
                return 0;
            }
            if (request.alternatives() == GenerationRequest.NO_PROBABILITIES) {
                return chosen(logits);
            }
            probabilities.read(logits);
            int token = chosen(logits);
            latest = probabilities.of(token, request.alternatives());
            return token;
        } catch (SamplingException e) {
            unsampled = e;
            return 0;
        } catch (RuntimeException | Error e) {
            // A defect, but of this request's numbers or options: those beside it go on.
            LOG.error("sampling for request {} failed", request.id(), e);
            unsampled = new SamplingException("a token could not be sampled: " + e, e);
            return 0;
        }
    }

    private int chosen(float[] logits) {
        int token = sampler.sample(logits);
        // A grammar may take the end of a text that the model has ruled out.
        if (request.sampler() == null && logits[token] == Float.NEGATIVE_INFINITY) {
            Logits.refuseUnusable(logits);
        }
        sampler.accept(token);
        return token;
    }

    /** {@return why no token could be chosen, or {@code null}} */
    @Nullable
    SamplingException unsampled() {
        return unsampled;
    }

    /** {@return whether no token could be chosen for what the model computed} */
    boolean unusableLogits() {
        return unsampled != null && unsampled.unusableLogits();
    }

    /** The next token is chosen from other logits. */
    void retry() {
        unsampled = null;
    }

    /** Frees what the request holds besides its slot. */
    void close() {
        guarded(sampler::close);
    }

    void sampled(long now) {
        if (firstToken == 0) {
            firstToken = now;
        }
    }

    /**
     * Takes a sampled token and its bytes, of which a control token has none.
     *
     * @return the text that can be shown now, possibly none
     */
    String assemble(int token, byte[] piece) {
        if (latest != null) {
            entries.add(latest);
        }
        return stops.push(utf8.push(piece.length > 0 ? piece : listener.spelling(token)));
    }

    /**
     * Tells the listener what a sampled token takes.
     *
     * @param length of its text, bytes
     * @return whether the request may go on
     */
    boolean holds(int length) {
        long entries = latest == null ? 0 : 1 + latest.top().size();
        return listener.holds(TOKEN + remembered() + TEXT_BYTE * length + ENTRY * entries);
    }

    /** {@return what the penalties take for one token more} */
    private long remembered() {
        int before = request.prompt().length + sampled++;
        SamplingParams sampling = request.sampling();
        return request.sampler() != null
                ? 0
                : sampling.remembered(before + 1, before + 1) - sampling.remembered(before, before);
    }

    /** {@return whether a stop string was met} */
    boolean stopped() {
        return stops.matched() != null;
    }

    /** {@return text that was held back for a stop string that did not come} */
    String flush() {
        return stops.flush();
    }

    /**
     * {@return how the request finished, to be read before its slot is freed}
     *
     * @param ending why it did, a stop string included
     */
    Outcome outcome(Ending ending, Slot slot, long now) {
        return new Outcome(
                ending,
                stops.matched(),
                slot.completion(),
                List.copyOf(entries),
                request.prompt().length,
                slot.reused(),
                admitted - submitted + waited,
                firstToken - admitted,
                now - firstToken - waited,
                firstToken - submitted);
    }

    /** {@return whether the listener took the text} */
    boolean tell(String text) {
        return text.isEmpty() || guarded(() -> listener.text(text));
    }

    void finish(Outcome outcome) {
        guarded(() -> listener.finished(outcome));
    }

    void fail(FailureKind kind, String message) {
        guarded(() -> listener.failed(kind, message));
    }

    private boolean guarded(Runnable call) {
        try {
            call.run();
            return true;
        } catch (RuntimeException | Error e) {
            LOG.error("listener of request {} failed", request.id(), e);
            return false;
        }
    }
}
