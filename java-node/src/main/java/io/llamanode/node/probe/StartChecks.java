package io.llamanode.node.probe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llamanode.llama.LibraryException;
import io.llamanode.llama.library.InstalledLibraries.Choice;
import io.llamanode.llama.library.InstalledLibraries.Entry;
import io.llamanode.llama.library.InstalledLibraries.Outcome;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.remote.RemoteListener;
import io.llamanode.remote.RemoteModel;
import io.llamanode.remote.RemoteRequest;
import io.llamanode.remote.answer.RemoteAnswer;
import io.llamanode.remote.answer.Trees;
import io.llamanode.remote.own.Programs;
import io.llamanode.remote.own.StartException;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.model.ServerConfig;
import io.llamanode.service.contract.task.TaskEvent;
import io.llamanode.service.model.NativeModelLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks whether a node could work with its library, its models and their servers, loads none, and leaves nothing behind. Slow; for
 * one thread.
 */
public final class StartChecks {
    /** That a server has for a token, unless it has less for a request. */
    private static final long TOKEN_MS = 60_000;

    private final NodeConfig node;
    private final Consumer<Result> told;
    /** The models by their ids, whether they are there or not. */
    private final Map<String, ModelConfig> models = new LinkedHashMap<>();

    private StartChecks(NodeConfig node, Consumer<Result> told) {
        this.node = node;
        this.told = told;
    }

    /**
     * What a check has found.
     *
     * @param check what was looked at
     * @param holds whether it is as it should be
     * @param isConfiguration where it is not: whether that is a mistake of the configuration
     * @param detail what was found, or what is wrong; may be empty
     */
    public record Result(String check, boolean holds, boolean isConfiguration, String detail) {
        static Result good(String check, String detail) {
            return new Result(check, true, false, detail);
        }

        static Result bad(String check, Failure failure) {
            return new Result(
                    check,
                    false,
                    failure.code() == ErrorCode.INVALID_ARGUMENT,
                    failure.code().wireName() + ": " + failure.message());
        }
    }

    /**
     * Goes through all of them.
     *
     * @param node what the node would be started with
     * @param llamaLib the llama.cpp that it asks for, or {@code null}
     * @param told of each check, in order
     */
    public static void run(NodeConfig node, @Nullable Path llamaLib, Consumer<Result> told) {
        new StartChecks(node, told).run(llamaLib);
    }

    private void run(@Nullable Path llamaLib) {
        List<ModelConfig> all = node.models();
        if (all.isEmpty() || all.stream().anyMatch(model -> model.server() == null)) {
            library(llamaLib);
        }
        for (ModelConfig model : all) {
            ModelConfig completed = node.completed(model);
            if (model.server() == null) {
                models.put(model.effectiveId(), model);
                file(completed);
            } else {
                server(completed, model.server());
            }
        }
        models.forEach(this::fallback);
    }

    /** In a process of its own, for a library may end the one that loads it. */
    private void library(@Nullable Path location) {
        Optional<LibraryProber> prober = LibraryProber.ofLauncher();
        if (prober.isEmpty()) {
            if (location != null) {
                found(location);
            }
            return;
        }
        LibraryProber.Report report = prober.get().ofStart(Optional.ofNullable(location));
        Choice choice = report.choice();
        Entry entry = choice.entry();
        if (entry == null) {
            told.accept(new Result("llama.cpp", false, location != null, choice.why()));
        } else if (report.outcomes().get(entry) instanceof Outcome.Usable(String version, String path, String _)) {
            String place = path == null ? "the jar" : path;
            told.accept(Result.good("llama.cpp " + version + " from " + place + " (" + choice.why() + ")", ""));
        }
    }

    private void found(Path location) {
        try {
            LlamaLibrary.find(location);
            told.accept(Result.good("llama.cpp", ""));
        } catch (LibraryException e) {
            told.accept(new Result("llama.cpp", false, true, "llama_lib: " + e.getMessage()));
        }
    }

    private void file(ModelConfig model) {
        String header = "model " + model.path();
        String memory = "memory for " + model.path();
        try {
            model.refuseContradictions();
            NativeModelLoader.check(model);
            told.accept(Result.good(header, ""));
            told.accept(Result.good(memory, ""));
        } catch (FailureException e) {
            if (e.failure().code() == ErrorCode.OUT_OF_MEMORY) {
                told.accept(Result.good(header, ""));
                told.accept(Result.bad(memory, e.failure()));
            } else {
                told.accept(Result.bad(header, e.failure()));
            }
        }
    }

    /** Reachable and of a kind that is known; with the model; able to write a token. */
    private void server(ModelConfig model, ServerConfig server) {
        String check = "server " + server.place();
        String name = server.model();
        List<String> command = server.command();
        if (command != null) {
            models.put(model.effectiveId(), model);
            told.accept(program(check, command.getFirst()));
            return;
        }
        ServerFacts facts = found(check, server.named(null));
        if (facts == null) {
            if (name != null || model.id() != null) {
                models.put(model.effectiveId(), model);
            }
            return;
        }
        told.accept(Result.good(check, described(facts)));
        models.put(model.id() != null ? model.id() : name != null ? name : facts.model(), model);
        String listed = "model '%s' of %s".formatted(name == null ? facts.model() : name, server.place());
        try (RemoteModel remote = RemoteModel.open(server, model.nParallel())) {
            told.accept(Result.good(listed, ""));
            told.accept(token("a token of " + server.place(), remote, server));
        } catch (FailureException e) {
            told.accept(Result.bad(listed, e.failure()));
        }
    }

    /** It is there; it is not started, which would load its model. */
    private static Result program(String check, String name) {
        try {
            String found = Programs.find(name, System.getenv("PATH")).toString();
            return Result.good(check, found.equals(name) ? "" : found);
        } catch (StartException e) {
            return Result.bad(check, new Failure(ErrorCode.MODEL_LOAD_FAILED, String.valueOf(e.getMessage())));
        }
    }

    /** {@return what a server is, whichever its model; {@code null} if that was told as a failure} */
    private @Nullable ServerFacts found(String check, ServerConfig server) {
        try (RemoteModel remote = RemoteModel.open(server, null)) {
            return remote.facts();
        } catch (FailureException e) {
            told.accept(Result.bad(check, e.failure()));
            return null;
        }
    }

    private static String described(ServerFacts facts) {
        List<String> words = new ArrayList<>(List.of(facts.kind().wireName()));
        if (facts.build() != null) {
            words.add("build " + facts.build());
        }
        if (facts.slots() != null) {
            words.add(facts.slots() + " slots");
        }
        if (facts.nCtx() != null) {
            words.add("n_ctx " + facts.nCtx());
        }
        return String.join(", ", words);
    }

    private static Result token(String check, RemoteModel remote, ServerConfig server) {
        ServerFacts facts = remote.facts();
        ObjectNode body = Trees.object().put("model", facts.model()).put("stream", false);
        String path;
        if (facts.kind() == ServerKind.NATIVE) {
            path = facts.completionPath();
            body.put("prompt", "a").put("n_predict", 1);
        } else {
            path = "/v1/chat/completions";
            body.put("max_tokens", 1)
                    .putArray("messages")
                    .addObject()
                    .put("role", "user")
                    .put("content", "a");
        }
        long limit = Math.min(TOKEN_MS, server.timeouts().requestMs());
        RemoteRequest request = new RemoteRequest(
                1, check, 0, 0, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limit), path, body, true);
        Token token = new Token();
        remote.submit(request, token, () -> {});
        try {
            return token.end.get().result(check);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Result.bad(check, new Failure(ErrorCode.CANCELLED, "the check was interrupted"));
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Hears of the answer of one token. */
    private static final class Token implements RemoteListener {
        /** @param refused by the server, or {@code null} */
        private record End(@Nullable Failure failure, boolean refused) {
            /** A server that has too much to do just now, or only makes vectors, is there all the same. */
            Result result(String check) {
                if (failure == null) {
                    return Result.good(check, "");
                }
                boolean allowed = refused ? failure.code() != ErrorCode.SERVER_BUSY : writes(failure);
                return allowed ? Result.bad(check, failure) : Result.good(check, "none: " + failure.message());
            }

            private static boolean writes(Failure failure) {
                return failure.code() != ErrorCode.UNSUPPORTED;
            }
        }

        private final CompletableFuture<End> end = new CompletableFuture<>();

        @Override
        public boolean holds(long bytes) {
            return true;
        }

        @Override
        public void part(TaskEvent part) {
            // The end is waited for.
        }

        @Override
        public void finished(RemoteAnswer answer, Times times) {
            end.complete(new End(null, false));
        }

        @Override
        public void finished(JsonNode value, Times times) {
            end.complete(new End(null, false));
        }

        @Override
        public void refused(Failure failure) {
            end.complete(new End(failure, true));
        }

        @Override
        public void failed(Failure failure) {
            end.complete(new End(failure, false));
        }
    }

    /** Each is there, and none leads back. */
    private void fallback(String id, ModelConfig model) {
        String first = next(model);
        if (first == null) {
            return;
        }
        String check = "fallback '%s' of '%s'".formatted(first, id);
        List<String> way = new ArrayList<>(List.of(id));
        for (String next = first; next != null; next = next(models.get(next))) {
            if (way.contains(next)) {
                told.accept(Result.bad(
                        check,
                        new Failure(
                                ErrorCode.INVALID_ARGUMENT,
                                "fallback: would go round in a circle, %s, %s"
                                        .formatted(String.join(", ", way), next))));
                return;
            }
            if (!models.containsKey(next)) {
                told.accept(Result.bad(
                        check,
                        new Failure(
                                ErrorCode.INVALID_ARGUMENT,
                                "fallback: no model of the configuration is named '%s'".formatted(next))));
                return;
            }
            way.add(next);
        }
        told.accept(Result.good(check, ""));
    }

    private static @Nullable String next(@Nullable ModelConfig model) {
        return model == null || model.server() == null ? null : model.server().fallback();
    }
}
