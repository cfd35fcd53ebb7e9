package io.llamanode.service.match;

import io.llamanode.grammar.language.Language;
import io.llamanode.grammar.schema.JsonSchema;
import io.llamanode.grammar.schema.Whitespace;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.threads.PrepareThreads;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks answers that a server's model has written, for all owners in turn, on one thread: those that wait for servers are virtual
 * ones, and share the processors with each other. Safe for use by any thread.
 */
public final class AnswerChecks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AnswerChecks.class);

    private final PrepareThreads threads = PrepareThreads.ofAnswers();

    /** Has nothing to do yet. */
    public AnswerChecks() {}

    /**
     * Makes what an answer is checked by. Slow, and waits for what is checked before it.
     *
     * @param owner in turn with whose other work
     * @param format of the content
     * @param lenient whether what of a schema can not be honoured is not checked
     * @param chat what is said of calls
     * @return it, or {@code null} if the answer is free
     * @throws FailureException {@code invalid_argument} naming the key if no answer could be checked by it
     */
    public @Nullable AnswerCheck of(Owner owner, OutputFormat format, boolean lenient, ChatOptions chat) {
        // Servers put white space where they like, and properties in their own order.
        Language language =
                Languages.of(format, new JsonSchema.Options(Whitespace.ANY, lenient, true, JsonSchema.Order.ANY));
        CallCheck calls = CallCheck.of(chat);
        if (language == null && calls == null) {
            return null;
        }
        // A llama-server holds the whole text to a grammar, and takes the reasoning out of it afterwards.
        AnswerCheck check = new AnswerCheck(format.key(), language, format instanceof OutputFormat.Gbnf, calls);
        CompletableFuture<@Nullable Void> fit = new CompletableFuture<>();
        boolean taken = threads.submit(owner, 0, () -> {
            try {
                check.refuseUnfit();
                fit.complete(null);
            } catch (RuntimeException | Error e) {
                fit.completeExceptionally(e);
            }
        });
        if (!taken) {
            throw new FailureException(ErrorCode.CANCELLED, "the model is being closed");
        }
        try {
            fit.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof FailureException failure ? failure : e;
        }
        return check;
    }

    /**
     * Checks an answer.
     *
     * @param owner in turn with whose other work
     * @param check what it is checked by
     * @param answer whole
     * @param stops whether there were stop texts
     * @param told why it does not do, or {@code null} if it does, once
     */
    public void check(
            Owner owner, AnswerCheck check, GenerationResult answer, boolean stops, Consumer<@Nullable String> told) {
        boolean taken = threads.submit(owner, 0, () -> told.accept(fault(check, answer, stops)));
        if (!taken) {
            told.accept("the model is being closed");
        }
    }

    private static @Nullable String fault(AnswerCheck check, GenerationResult answer, boolean stops) {
        try {
            return check.fault(answer, stops);
        } catch (FailureException e) {
            return e.failure().message();
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("an answer can not be checked", e);
            return "the answer can not be checked; the log says why";
        }
    }

    /** Takes nothing more; answers that wait are checked. */
    @Override
    public void close() {
        threads.close();
    }
}
