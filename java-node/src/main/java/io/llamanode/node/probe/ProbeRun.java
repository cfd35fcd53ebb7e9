package io.llamanode.node.probe;

import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.protocol.JsonForm;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.model.FileProbe;
import io.llamanode.service.model.NativeModelLoader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a process does that probes a file: what a node does with it, a service on the same loader, and says what came of
 * it. It may well not live to say so. For the main thread of such a process.
 */
public final class ProbeRun {
    private static final String TEXT = "Hello, w\u00f6rld 1";

    /** Of a model without a tokenizer. */
    private static final String TOKEN = "{\"prompt\":[0],";

    private static final String ONE_TOKEN = "\"max_tokens\":1,\"temperature\":0,\"ignore_eos\":true";
    private static final String WITH_ADAPTER = ",\"lora\":[{\"id\":\"adapter\",\"scale\":1}]";

    private record Me() implements Owner {}

    private final DataOutputStream out;

    private ProbeRun(OutputStream out) {
        this.out = new DataOutputStream(out);
    }

    /**
     * Does what the other side orders, and ends with it.
     *
     * @param in what the other side writes; its end is that of the other side
     * @param out what the other side reads
     * @param abandoned run on a thread of its own when the other side is gone
     * @throws IOException if the streams cannot be used
     */
    public static void run(InputStream in, OutputStream out, Runnable abandoned) throws IOException {
        DataInputStream orders = new DataInputStream(in);
        ProbeOrder order = ProbeOrder.read(orders);
        Thread.ofPlatform().daemon().name("other-side").start(() -> {
            try {
                while (orders.read() >= 0) {
                    // Nothing is said any more.
                }
            } catch (IOException e) {
                // As good as an end.
            }
            abandoned.run();
        });
        new ProbeRun(out).follow(order);
    }

    private synchronized void say(Sign sign) {
        try {
            Sign.write(sign, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void follow(ProbeOrder order) {
        LlamaLibrary library =
                order.library().isEmpty() ? LlamaLibrary.embedded() : LlamaLibrary.at(Path.of(order.library()));
        say(Sign.Phase.LOADING);
        showProgress(library, order.signMs());
        try (LlamaService service = new LlamaService(
                new NodeConfig(List.of(), 60_000, 1, 1, 1, 100),
                new NativeModelLoader(library, FileProbe.NONE),
                (owner, down) -> () -> {})) {
            service.ready();
            ModelConfig config = order.model();
            ProbeRun.<Void>await(reply -> service.loadModel(null, config, fraction -> {}, reply));
            Path adapter = order.adapter();
            if (adapter != null) {
                ProbeRun.<Void>await(reply ->
                        service.adapters().load(null, new AdapterConfig(adapter, "adapter", null, null), reply));
            }
            say(Sign.Phase.COMPUTING);
            compute(service, config, adapter);
        } catch (FailureException e) {
            say(new Sign.Refused(e.failure()));
            return;
        }
        say(new Sign.Passed());
    }

    /** Says that native code gets on, as often as is wanted and as long as it does. */
    private void showProgress(LlamaLibrary library, long everyMs) {
        Thread.ofPlatform().daemon().name("progress").start(() -> {
            long seen = -1;
            try {
                while (true) {
                    long moves = library.watch.moves();
                    if (moves != seen) {
                        seen = moves;
                        say(new Sign.Moved());
                    }
                    Thread.sleep(everyMs);
                }
            } catch (InterruptedException | UncheckedIOException e) {
                // The other side is gone.
            }
        });
    }

    /** One token, or what the model does instead. */
    private static void compute(LlamaService service, ModelConfig config, @Nullable Path adapter) {
        Set<Capability> can = Objects.requireNonNull(
                        service.models().list().getFirst().header())
                .capabilities();
        Path file = adapter == null ? config.path() : adapter;
        if (can.contains(Capability.COMPLETION)) {
            String prompt = can.contains(Capability.TOKENIZE) ? "{\"prompt\":\"" + TEXT + "\"," : TOKEN;
            run(service, file, JsonForm.task(prompt + ONE_TOKEN + (adapter == null ? "" : WITH_ADAPTER) + "}", false));
            return;
        }
        if (can.contains(Capability.EMBEDDING)) {
            Prompt prompt = can.contains(Capability.TOKENIZE) ? new Prompt.Text(TEXT) : new Prompt.Tokens(new int[1]);
            run(
                    service,
                    file,
                    new TaskInput.Embedding(
                            null, false, List.of(prompt), true, true, null, null, TaskInput.Encoding.FLOAT, null));
        }
        if (can.contains(Capability.RERANK)) {
            run(service, file, new TaskInput.Rerank(null, TEXT, List.of(TEXT), null, null));
        }
    }

    /** What a task is refused for, such as a context that has no room for the text, is not the file's fault. */
    private static void run(LlamaService service, Path file, TaskInput input) {
        try {
            ProbeRun.<TaskResult>await(reply -> service.run(new Me(), input, reply));
        } catch (FailureException e) {
            Failure failure = e.failure();
            if (failure.code() == ErrorCode.INFERENCE_FAILED || failure.code() == ErrorCode.UNKNOWN) {
                throw new FailureException(
                        ErrorCode.MODEL_LOAD_FAILED,
                        "%s cannot be computed with: %s".formatted(file, failure.message()));
            }
        }
    }

    private static <T> void await(Consumer<Reply<T>> call) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        call.accept(new Reply<>() {
            @Override
            public void ok(@Nullable T value) {
                done.complete(true);
            }

            @Override
            public void failed(Failure failure) {
                done.completeExceptionally(failure.asException());
            }
        });
        try {
            done.join();
        } catch (CompletionException e) {
            throw (FailureException) Objects.requireNonNull(e.getCause());
        }
    }
}
