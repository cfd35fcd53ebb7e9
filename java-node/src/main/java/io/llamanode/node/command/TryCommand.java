package io.llamanode.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Tries what a client of a bridge does, one line each with its time. It leaves the models as it found them. */
final class TryCommand {
    private static final int TOKENS = 16;
    private static final int SHOWN = 30;

    private final BridgeDialog bridge;
    private final PrintStream out;
    private boolean allHold = true;
    /** The model that was loaded here, and so is freed here. */
    private @Nullable String loaded;
    /** The model that answers. */
    private @Nullable String used;

    private TryCommand(BridgeDialog bridge, PrintStream out) {
        this.bridge = bridge;
        this.out = out;
    }

    /** Something that a client does; gives what is to be told of it. */
    @FunctionalInterface
    private interface Step {
        String run() throws IOException;
    }

    /**
     * @param socket of a bridge, or the control socket of a node
     * @param secret file with what the bridge asks for, or {@code null}
     * @param model a file to load, or {@code null}
     * @param timeoutMs milliseconds for all of it
     * @param out gets a line for each step
     * @return {@link ExitStatus#FAILED} unless all steps hold
     * @throws ExitException if nobody listens, or the secret cannot be read
     */
    static ExitStatus run(Path socket, @Nullable Path secret, @Nullable String model, long timeoutMs, PrintStream out)
            throws ExitException {
        try (BridgeDialog dialog = BridgeDialog.open(socket, timeoutMs)) {
            TryCommand attempt = new TryCommand(dialog, out);
            attempt.all(secret == null ? null : read(secret), model);
            return attempt.allHold ? ExitStatus.OK : ExitStatus.FAILED;
        }
    }

    private static String read(Path secret) throws ExitException {
        try {
            return Files.readString(secret).strip();
        } catch (IOException e) {
            throw new ExitException(ExitStatus.CONFIG, "bridge_secret: " + secret + " cannot be read: " + e);
        }
    }

    private void all(@Nullable String secret, @Nullable String model) {
        if (secret != null) {
            step("auth", () -> {
                bridge.ask("AUTH " + secret);
                return "";
            });
        }
        step("ping", () -> {
            bridge.ask("PING");
            return "";
        });
        if (model != null) {
            step("load", () -> load(model));
        }
        step("answer", this::answer);
        step("stream", this::stream);
        String own = loaded;
        if (own != null) {
            step("free", () -> {
                bridge.ask("FREE " + own);
                return own;
            });
        }
    }

    private void step(String name, Step step) {
        long start = System.nanoTime();
        String result;
        boolean holds = true;
        try {
            result = step.run();
        } catch (IOException e) {
            holds = false;
            allHold = false;
            result = String.valueOf(e.getMessage());
        }
        out.println("%-8s%-8s%-46s %9.1f ms"
                .formatted(holds ? "ok" : "FAILED", name, result, (System.nanoTime() - start) / 1e6)
                .stripTrailing());
    }

    private String load(String model) throws IOException {
        // The node's directory is another one than the user's.
        boolean isPath = !model.startsWith("{");
        JsonNode data = bridge.ask(
                        "LOAD " + (isPath ? Path.of(model).toAbsolutePath().toString() : model))
                .path("data");
        String id = data.path("id").asText();
        used = id;
        if (data.path("already").asBoolean()) {
            return id + ", which was loaded and stays so";
        }
        loaded = id;
        return id;
    }

    /** A message where the model has a template, as a user would send it. */
    private String input() throws IOException {
        for (JsonNode model : bridge.ask("MODELS").path("data").path("models")) {
            boolean isUsed = used == null
                    ? model.path("default").asBoolean()
                    : model.path("id").asText().equals(used);
            if (isUsed) {
                for (JsonNode capability : model.path("capabilities")) {
                    if (capability.asText().equals("chat")) {
                        return "{\"content\": \"Say hello.\", \"max_tokens\": " + TOKENS + "}";
                    }
                }
            }
        }
        return "{\"prompt\": \"Once upon a time\", \"max_tokens\": " + TOKENS + "}";
    }

    private String answer() throws IOException {
        return told(bridge.ask("INFER " + input()), "");
    }

    private String stream() throws IOException {
        long start = System.nanoTime();
        bridge.ask("INFER_STREAM " + input());
        JsonNode line = bridge.next();
        double first = (System.nanoTime() - start) / 1e6;
        while (!line.path("final").asBoolean()) {
            line = bridge.next();
        }
        return told(line, String.format(Locale.ROOT, ", the first after %.1f ms", first));
    }

    private static String told(JsonNode reply, String more) throws IOException {
        String text = reply.path("data").asText().replaceAll("\\s+", " ").strip();
        if (text.isEmpty()) {
            throw new BridgeDialog.RefusedException("the answer is empty");
        }
        int tokens = reply.path("usage").path("completion_tokens").asInt();
        return tokens + " tokens" + (more.isEmpty() ? ": " + text.substring(0, Math.min(SHOWN, text.length())) : more);
    }
}
