package io.llamanode.engine.model;

import io.llamanode.engine.model.BatchPlan.Span;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * A model of bytes that needs no arithmetic: after a prompt it recites the answer scripted for it,
 * then ends. It keeps what each sequence holds and refuses a plan whose positions do not follow,
 * so a scheduler that loses count fails its test.
 */
public final class FakeModel implements ModelRunner, Vocabulary {
    /** The end-of-generation token. */
    public static final int EOG = 256;

    private final Map<String, byte[]> answers = new HashMap<>();
    private final Map<Integer, IntList> sequences = new HashMap<>();
    /** Every plan executed, oldest first, unless {@link #forgetful}. */
    public final List<BatchPlan> plans = new ArrayList<>();
    /** Whether plans are not kept, for those who execute many. */
    public boolean forgetful;
    /** What a step takes, milliseconds. */
    public int stepMillis;
    /** Hears of each text while it is tokenized. */
    public volatile Consumer<String> whileTokenizing = text -> {};
    /** Hears of each plan while it is executed. */
    public Consumer<BatchPlan> whileExecuting = plan -> {};
    /** Adapters that were let go of. */
    public final List<Adapter> forgotten = new ArrayList<>();
    /** Thrown by the next execution, if set. */
    public RunnerException failure;
    /** Thrown by the next execution, if set. */
    public RuntimeException defect;

    public boolean alwaysFails;
    /** Changes of the cache that a plan which fails applies before it fails. */
    public int appliedBeforeFailure = Integer.MAX_VALUE;
    /** What begins a text. */
    public OptionalInt bos = OptionalInt.empty();
    /** Control tokens besides the one that ends a generation, by their spelling. */
    public Map<String, Integer> controls = Map.of();
    /** For filling gaps. */
    public Optional<InfillTokens> infill =
            Optional.of(new InfillTokens('<', '>', '|', OptionalInt.empty(), OptionalInt.empty()));
    /** Characters of the longest text that it was to tokenize. */
    public int longestText;
    /** Asked for the bytes of this token, it throws. */
    public int unspeakable = -1;
    /** A token that has no bytes. */
    public int control = EOG;
    /** Changes the logits behind a context, as a broken model would. */
    public BiConsumer<String, float[]> spoil;
    /** Whether the next token depends on every token before it, in place of a script. */
    public boolean hashes;

    public boolean canShift = true;
    public boolean canTruncate = true;
    public boolean canResume = true;
    public boolean sharesCells;
    /** Executions that were given up. */
    public int abandoned;

    public volatile boolean closed;

    /** Run when it is closed. */
    public Runnable whenClosed = () -> {};

    /** Scripts what follows a prompt; without a script it is "!" for ever. */
    public FakeModel answer(String prompt, String answer) {
        return answer(prompt, answer.getBytes(StandardCharsets.UTF_8));
    }

    public FakeModel answer(String prompt, byte[] answer) {
        answers.put(prompt, answer);
        return this;
    }

    public String holds(int sequence) {
        return text(sequences.getOrDefault(sequence, new IntList()).toArray());
    }

    @Override
    public synchronized void execute(BatchPlan plan, Outputs outputs) throws RunnerException {
        if (!forgetful) {
            plans.add(plan);
        }
        if (stepMillis > 0) {
            LockSupport.parkNanos(stepMillis * 1_000_000L);
        }
        whileExecuting.accept(plan);
        boolean fails = alwaysFails || failure != null || defect != null;
        plan.kv().stream()
                .limit(fails ? appliedBeforeFailure : Integer.MAX_VALUE)
                .forEach(this::apply);
        if (alwaysFails) {
            throw new RunnerException("always", null);
        }
        if (failure != null) {
            RunnerException e = failure;
            failure = null;
            throw e;
        }
        if (defect != null) {
            RuntimeException e = defect;
            defect = null;
            throw e;
        }
        giveUp(plan, outputs);
        for (int i = 0; i < plan.spans().size(); i++) {
            Span span = plan.spans().get(i);
            IntList sequence = sequences.computeIfAbsent(span.slot(), s -> new IntList());
            if (sequence.size() != span.position()) {
                throw new IllegalStateException(
                        "span at %d, sequence %d holds %d".formatted(span.position(), span.slot(), sequence.size()));
            }
            sequence.addAll(span.tokens(), span.offset(), span.count());
            if (span.output()) {
                float[] logits = new float[size()];
                // Without a script the text does not matter, and takes time.
                logits[hashes || !answers.isEmpty() ? next(text(sequence.toArray())) : '!'] = 10;
                if (spoil != null) {
                    spoil.accept(text(sequence.toArray()), logits);
                }
                outputs.logits(i, logits);
            }
        }
    }

    /** As llama.cpp does: it asks often, and leaves a part of the batch in the cache. */
    private void giveUp(BatchPlan plan, Outputs outputs) throws AbandonedException {
        for (int asked = 0; asked < 100; asked++) {
            if (outputs.givenUp()) {
                abandoned++;
                for (Span span : plan.spans()) {
                    sequences
                            .computeIfAbsent(span.slot(), s -> new IntList())
                            .addAll(span.tokens(), span.offset(), (span.count() + 1) / 2);
                }
                throw new AbandonedException(null);
            }
        }
    }

    private void apply(KvOperation operation) {
        switch (operation) {
            case KvOperation.Truncate(int sequence, int from) -> {
                IntList held = sequences.get(sequence);
                if (held != null) {
                    held.truncate(Math.min(from, held.size()));
                }
            }
            case KvOperation.Discard(int sequence, int from, int to, int end) -> {
                if (sequences.get(sequence).size() != end) {
                    throw new IllegalStateException("discard at a wrong end");
                }
                sequences.get(sequence).remove(from, to);
            }
            case KvOperation.Copy(int source, int sequence, int count) -> {
                IntList copy = new IntList();
                copy.addAll(sequences.get(source), count);
                sequences.put(sequence, copy);
            }
            case KvOperation.Cleanse(List<KvOperation.Beginning> kept) -> {
                Map<Integer, IntList> before = new HashMap<>(sequences);
                sequences.clear();
                for (KvOperation.Beginning beginning : kept) {
                    IntList held = before.get(beginning.sequence());
                    if (held == null || held.size() < beginning.count()) {
                        throw new IllegalStateException(beginning + " is not there");
                    }
                    held.truncate(beginning.count());
                    sequences.put(beginning.sequence(), held);
                }
            }
        }
    }

    private int next(String context) {
        if (hashes) {
            return 'a' + Math.floorMod(context.hashCode(), 26);
        }
        for (Map.Entry<String, byte[]> entry : answers.entrySet()) {
            String answer = text(entry.getValue());
            for (int done = 0; done <= answer.length(); done++) {
                if (context.equals(entry.getKey() + answer.substring(0, done))) {
                    return done == answer.length() ? EOG : answer.charAt(done);
                }
            }
        }
        return '!';
    }

    /** Bytes as characters of the same number, so that any sequence of bytes has a text. */
    private static String text(int[] tokens) {
        StringBuilder text = new StringBuilder();
        for (int token : tokens) {
            text.append((char) token);
        }
        return text.toString();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Override
    public boolean canShift() {
        return canShift;
    }

    @Override
    public boolean canTruncate() {
        return canTruncate;
    }

    @Override
    public boolean canResume() {
        return canResume;
    }

    @Override
    public void forget(Adapter adapter) {
        forgotten.add(adapter);
    }

    @Override
    public boolean sharesCells() {
        return sharesCells;
    }

    @Override
    public void close() {
        if (closed) {
            throw new IllegalStateException("closed twice");
        }
        closed = true;
        whenClosed.run();
    }

    @Override
    public int size() {
        return 257;
    }

    @Override
    public int[] tokenize(String text, boolean addSpecial, boolean parseSpecial) {
        whileTokenizing.accept(text);
        longestText = Math.max(longestText, text.length());
        IntStream.Builder tokens = IntStream.builder();
        if (addSpecial) {
            bos.ifPresent(tokens);
        }
        int from = 0;
        while (parseSpecial && text.indexOf("<eog>", from) >= 0) {
            int control = text.indexOf("<eog>", from);
            bytes(text.substring(from, control), tokens);
            tokens.add(EOG);
            from = control + "<eog>".length();
        }
        bytes(text.substring(from), tokens);
        return tokens.build().toArray();
    }

    private static void bytes(String text, IntConsumer tokens) {
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            tokens.accept(one & 0xFF);
        }
    }

    @Override
    public byte[] piece(int token) {
        if (token == unspeakable) {
            throw new IllegalStateException("unspeakable");
        }
        return token == EOG || token == control ? new byte[0] : new byte[] {(byte) token};
    }

    @Override
    public byte[] spelling(int token) {
        return token == EOG ? "<eog>".getBytes(StandardCharsets.UTF_8) : piece(token);
    }

    @Override
    public boolean isEndOfGeneration(int token) {
        return token == EOG;
    }

    @Override
    public int[] endOfGenerationTokens() {
        return new int[] {EOG};
    }

    @Override
    public Map<String, Integer> controlTokens() {
        Map<String, Integer> all = new HashMap<>(controls);
        all.put("<eog>", EOG);
        return all;
    }

    @Override
    public Optional<InfillTokens> infill() {
        return infill;
    }

    @Override
    public OptionalInt beginOfSequence() {
        return bos;
    }

    @Override
    public String detokenize(int[] tokens, boolean special) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(special ? spelling(token) : piece(token));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
