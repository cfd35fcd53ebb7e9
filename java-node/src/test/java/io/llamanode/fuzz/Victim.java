package io.llamanode.fuzz;

import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.Capability;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.Owner;
import io.llamanode.service.contract.Reply;
import io.llamanode.service.contract.model.AdapterConfig;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.NodeConfig;
import io.llamanode.service.contract.task.AdapterScale;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.model.FileProbe;
import io.llamanode.service.model.NativeModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * The process that loads mutated files, and may die of one. It tells its parent, line by line, with which it begins and
 * what came of it.
 */
final class Victim {
    private static final int PATIENCE_S = 60;
    private static final Set<ErrorCode> REFUSALS = Set.of(
            ErrorCode.MODEL_LOAD_FAILED, ErrorCode.OUT_OF_MEMORY, ErrorCode.UNSUPPORTED, ErrorCode.INVALID_ARGUMENT);
    /** How a task on a strange model may end, besides well: its prompt may not fit, or have no tokens. */
    private static final Set<ErrorCode> ENDINGS =
            Set.of(ErrorCode.INFERENCE_FAILED, ErrorCode.INVALID_ARGUMENT, ErrorCode.UNSUPPORTED);

    private record Me(String name) implements Owner {}

    private final Owner me = new Me("me");
    private final SoundFiles sound;
    private final Path folder;
    private final LlamaService service;

    private Victim(String library, Path folder) {
        this.folder = folder;
        this.sound = new SoundFiles(folder);
        this.service = new LlamaService(
                new NodeConfig(List.of(), 60_000, 100, 100, 1000, 100),
                new NativeModelLoader(
                        library.equals("embedded") ? LlamaLibrary.embedded() : LlamaLibrary.at(Path.of(library)),
                        FileProbe.NONE),
                (owner, down) -> () -> {});
        service.ready();
        Object loaded = load(sound.bystander(), "bystander");
        if (loaded instanceof Failure failure) {
            throw new IllegalStateException(failure.toString());
        }
    }

    /**
     * Loads files one after the other.
     *
     * @param arguments "embedded" or the directory of a library, a folder, the first seed and the one behind the last
     */
    public static void main(String[] arguments) throws Exception {
        Victim victim = new Victim(arguments[0], Path.of(arguments[1]));
        String text = victim.bystander();
        for (int seed = Integer.parseInt(arguments[2]); seed < Integer.parseInt(arguments[3]); seed++) {
            victim.one(seed, text);
        }
        Runtime.getRuntime().halt(0);
    }

    private static void tell(String line) {
        System.out.println(line.replace('\n', ' ').replace('\r', ' '));
        System.out.flush();
    }

    /** The file of a seed: every kind in turn. */
    static String kind(SoundFiles files, int seed) {
        return files.names().get(seed % files.names().size());
    }

    private void one(int seed, String text) throws IOException {
        String kind = kind(sound, seed);
        Mutator.Mutant mutant = Mutator.of(sound.of(kind), seed);
        tell("BEGIN " + seed + " " + kind + ": " + mutant.what());
        Path file = Files.write(folder.resolve("mutant.gguf"), mutant.bytes());
        String outcome;
        try {
            outcome = kind.equals("adapter") ? adapter(file) : model(file);
            String now = bystander();
            if (!now.equals(text)) {
                outcome = "BAD the bystander says " + now + " and no longer " + text;
            }
        } catch (TimeoutException e) {
            tell("END " + seed + " HANG");
            Runtime.getRuntime().halt(3);
            return;
        }
        tell("END " + seed + " " + outcome);
    }

    private String model(Path file) throws TimeoutException {
        Object loaded = load(file, "mutant");
        if (loaded instanceof Failure failure) {
            return refusal(failure);
        }
        Set<Capability> can = service.models().list().getLast().header().capabilities();
        List<String> endings = new ArrayList<>();
        if (can.contains(Capability.COMPLETION)) {
            endings.add(ending(run(complete("mutant", null))));
        }
        if (can.contains(Capability.EMBEDDING)) {
            endings.add(ending(run(new TaskInput.Embedding(
                    "mutant",
                    false,
                    List.of(new Prompt.Text("abc d")),
                    false,
                    true,
                    null,
                    null,
                    TaskInput.Encoding.FLOAT,
                    null))));
        }
        if (can.contains(Capability.RERANK)) {
            endings.add(ending(run(new TaskInput.Rerank("mutant", "ab", List.of("c", "abc"), null, null))));
        }
        await(reply -> service.unloadModel("mutant", reply));
        return served(endings);
    }

    private String adapter(Path file) throws TimeoutException {
        Object loaded = await(reply ->
                service.adapters().load(null, new AdapterConfig(file, "mutant", "bystander", null), cast(reply)));
        if (loaded instanceof Failure failure) {
            return refusal(failure);
        }
        List<String> endings = List.of(ending(run(complete("bystander", List.of(new AdapterScale("mutant", 1f))))));
        await(reply -> service.adapters().unload("mutant", "bystander", reply));
        return served(endings);
    }

    private static String refusal(Failure failure) {
        return (REFUSALS.contains(failure.code()) ? "REFUSED " : "BAD ") + failure.code() + " " + failure.message();
    }

    private static String served(List<String> endings) {
        return endings.stream()
                .filter(ending -> ending.startsWith("BAD"))
                .findFirst()
                .orElse("SERVED " + endings);
    }

    private static String ending(Object result) {
        return result instanceof Failure failure
                ? (ENDINGS.contains(failure.code()) ? "" : "BAD ") + failure.code() + " " + failure.message()
                : "well";
    }

    private String bystander() throws TimeoutException {
        return run(complete("bystander", null)) instanceof GenerationResult result ? result.content() : "nothing";
    }

    private static TaskInput complete(String model, List<AdapterScale> adapters) {
        GenerationOptions options =
                Given.options("maxTokens", 6, "temperature", 0f, "ignoreEos", true, "lora", adapters);
        return new TaskInput.Completion(model, new Prompt.Text("abc d"), true, options);
    }

    private Object load(Path file, String id) {
        try {
            return await(reply -> service.loadModel(
                    null,
                    new ModelConfig(file, id, 64, 1, 64, 64, 1, 1, null, null, null),
                    fraction -> {},
                    cast(reply)));
        } catch (TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    private Object run(TaskInput input) throws TimeoutException {
        CompletableFuture<Object> done = new CompletableFuture<>();
        service.run(me, input, reply(done));
        return wait(done);
    }

    private static <T> Reply<T> reply(CompletableFuture<Object> done) {
        return new Reply<>() {
            @Override
            public void ok(T value) {
                done.complete(value == null ? "ok" : value);
            }

            @Override
            public void failed(Failure failure) {
                done.complete(failure);
            }
        };
    }

    private static <T> Reply<T> cast(Reply<T> reply) {
        return reply;
    }

    private static Object await(Consumer<Reply<Void>> call) throws TimeoutException {
        CompletableFuture<Object> done = new CompletableFuture<>();
        try {
            call.accept(reply(done));
        } catch (io.llamanode.service.contract.FailureException e) {
            return e.failure();
        }
        return wait(done);
    }

    private static Object wait(CompletableFuture<Object> done) throws TimeoutException {
        try {
            return done.get(PATIENCE_S, TimeUnit.SECONDS);
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
