package io.llamanode.transport.bridge;

import io.llamanode.protocol.JsonForm;
import io.llamanode.service.LlamaService;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a connection asks of the node and its models. Each method answers with a line. */
final class ModelCommands {
    private final LlamaService service;
    private final Choice choice;

    ModelCommands(LlamaService service, Choice choice) {
        this.service = service;
        this.choice = choice;
    }

    /** @param bridge what is known of the socket */
    byte[] status(String node, Map<String, Object> bridge) {
        NodeStatus status = service.status();
        Map<String, Object> data = new LinkedHashMap<>(JsonForm.status(node, status));
        data.put("os_pid", ProcessHandle.current().pid());
        data.put("bridge", bridge);
        return Replies.ok(status.state().name().toLowerCase(Locale.ROOT), data);
    }

    byte[] health() {
        NodeStatus status = service.status();
        Path loading = service.models().loading();
        String state = switch (status.state()) {
            case STARTING -> "loading";
            case READY -> "ready";
            case DRAINING -> "draining";
        };
        String why = why(status, loading);
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("ready", status.state() == NodeStatus.State.READY);
        if (!why.isEmpty()) {
            data.put("why", why);
        }
        return Replies.ok(state, data);
    }

    private static String why(NodeStatus status, @Nullable Path loading) {
        return switch (status.state()) {
            case STARTING -> loading == null ? "the node is starting" : "the node is starting, and loads " + loading;
            case DRAINING ->
                "the node was told to end, and takes no new work; %d tasks go on"
                        .formatted(status.tasksRunning() + status.tasksWaiting());
            case READY -> {
                if (loading != null) {
                    yield loading + " is being loaded; everything else goes on";
                }
                yield status.models().isEmpty() ? "no model is loaded: LOAD one" : "";
            }
        };
    }

    byte[] models() {
        return Replies.ok(
                "Models listed",
                Map.of("models", JsonForm.models(service.models().list())));
    }

    byte[] load(String text) {
        ModelConfig config = JsonForm.model(text);
        // A path alone asks for the file; an object also says how it is to be loaded, which the node compares.
        String loaded = text.startsWith("{") ? null : service.models().loadedFrom(config.path());
        boolean already = loaded != null;
        if (loaded == null) {
            Awaited<Void> done = new Awaited<>();
            service.loadRequested(config, done);
            try {
                done.get();
                loaded = config.effectiveId();
            } catch (FailureException e) {
                // Another client may have loaded it meanwhile.
                loaded = text.startsWith("{") ? null : service.models().loadedFrom(config.path());
                already = true;
                if (loaded == null) {
                    throw e;
                }
            }
        }
        choice.use(loaded);
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("id", loaded);
        data.put("already", already);
        return Replies.ok("Model loaded successfully", data);
    }

    /** @param named id of a model, or empty for all of them */
    byte[] free(String named) {
        List<String> freed = new ArrayList<>();
        if (named.isEmpty()) {
            for (ModelReport model : service.models().list()) {
                try {
                    unload(model.id());
                    freed.add(model.id());
                } catch (FailureException another) {
                    // Another client has freed it meanwhile, which is what was asked for.
                }
            }
        } else {
            unload(named);
            freed.add(named);
        }
        choice.freed(freed);
        return Replies.ok("Resources freed", Map.of("freed", freed));
    }

    private void unload(String model) {
        Awaited<Void> done = new Awaited<>();
        service.unloadModel(Objects.requireNonNull(model), done);
        done.get();
    }
}
