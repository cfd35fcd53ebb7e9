package io.llamanode.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.llamanode.node.ExitException;
import io.llamanode.node.ExitStatus;
import io.llamanode.node.NodePaths;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The commands for nodes that run already. */
final class ControlCommands {
    private final long timeoutMs;
    private final PrintStream out;
    private final PrintStream err;

    /**
     * @param timeoutMs milliseconds that a command may take
     * @param out what it tells
     * @param err what is wrong
     */
    ControlCommands(long timeoutMs, PrintStream out, PrintStream err) {
        this.timeoutMs = timeoutMs;
        this.out = out;
        this.err = err;
    }

    /** What a node said, or why it did not. */
    private sealed interface Answer {
        /**
         * @param status as it is on the wire
         * @param pid number of its process
         */
        record Status(JsonNode status, long pid) implements Answer {}

        /** @param reason what it ends a command with */
        record Failed(ExitException reason) implements Answer {}
    }

    ExitStatus ping(NodePaths paths) throws ExitException {
        out.println(
                new ControlClient(paths, timeoutMs).ask("PING").path("message").asText());
        return ExitStatus.OK;
    }

    ExitStatus status(NodePaths paths, boolean json) throws ExitException {
        switch (ask(paths)) {
            case Answer.Failed(ExitException reason) -> throw reason;
            case Answer.Status(JsonNode status, long _) when json -> out.println(status.toPrettyString());
            case Answer.Status(JsonNode status, long pid) ->
                StatusText.of(status, pid).forEach(out::println);
        }
        return ExitStatus.OK;
    }

    /** Of each node whose control socket is in this directory, as text or as one JSON array. */
    ExitStatus statusOfAll(Path directory, boolean json) throws ExitException {
        // Side by side, so that nodes that hang cost the time of one.
        List<CompletableFuture<Answer>> asked = NodePaths.in(directory).stream()
                .map(paths -> CompletableFuture.supplyAsync(() -> ask(paths), Thread::startVirtualThread))
                .toList();
        List<Answer> answers = asked.stream()
                .map(CompletableFuture::join)
                .filter(answer -> !(answer instanceof Answer.Failed(ExitException reason)
                        && reason.status() == ExitStatus.NOT_RUNNING))
                .toList();
        if (answers.isEmpty()) {
            throw new ExitException(
                    ExitStatus.NOT_RUNNING,
                    "no node is running in " + directory + " (--run-dir names another directory)");
        }
        ExitStatus worst = ExitStatus.OK;
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        Optional<String> gap = Optional.empty();
        for (Answer answer : answers) {
            switch (answer) {
                case Answer.Failed(ExitException reason) -> {
                    err.println(Cli.NAME + ": " + reason.getMessage());
                    worst = reason.status();
                }
                case Answer.Status(JsonNode status, long pid) -> {
                    all.add(status);
                    if (!json) {
                        gap.ifPresent(out::println);
                        StatusText.of(status, pid).forEach(out::println);
                        gap = Optional.of("");
                    }
                }
            }
        }
        if (json) {
            out.println(all.toPrettyString());
        }
        return worst;
    }

    private Answer ask(NodePaths paths) {
        try {
            ControlClient node = new ControlClient(paths, timeoutMs);
            JsonNode status = node.ask("STATUS").path("data");
            return new Answer.Status(
                    status, node.ask("PING").path("data").path("os_pid").asLong());
        } catch (ExitException e) {
            return new Answer.Failed(e);
        }
    }

    ExitStatus stop(NodePaths paths) throws ExitException {
        ControlClient node = new ControlClient(paths, timeoutMs);
        long pid = node.ask("STOP").path("data").path("os_pid").asLong();
        try {
            // The node lets go of its socket as the last thing it does; asking for the process itself is
            // slow for one that is no child.
            if (!paths.awaitUnlocked(node.leftMs())) {
                throw stillEnding(paths, pid);
            }
            Optional<ProcessHandle> process = ProcessHandle.of(pid);
            if (process.isPresent()) {
                process.get().onExit().get(node.leftMs(), TimeUnit.MILLISECONDS);
            }
        } catch (TimeoutException e) {
            throw stillEnding(paths, pid);
        } catch (IOException | InterruptedException | ExecutionException e) {
            throw new ExitException(ExitStatus.FAILED, "waiting for process " + pid + ": " + e.getMessage());
        }
        out.println(paths.nodeName() + " has ended");
        return ExitStatus.OK;
    }

    private ExitException stillEnding(NodePaths paths, long pid) {
        return new ExitException(
                ExitStatus.NO_ANSWER,
                paths.nodeName() + " (process " + pid + ") is still ending after " + timeoutMs + " ms");
    }
}
