package io.llamanode.node.command;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.service.contract.NodeStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The state of a node for people to read. */
final class StatusText {
    private StatusText() {}

    static List<String> of(JsonNode status, long pid) {
        List<String> lines = new ArrayList<>();
        lines.add("%s is %s (process %d, up %s)"
                .formatted(
                        text(status, "node"),
                        text(status, "state"),
                        pid,
                        duration(status.path("uptime_ms").asLong())));
        lines.add("llama_node %s, %s".formatted(text(status, "version"), library(status.path("library"))));
        lines.add("%d sessions, %d tasks running, %d waiting, %d results kept"
                .formatted(
                        number(status, "sessions"),
                        number(status, "tasks_running"),
                        number(status, "tasks_waiting"),
                        number(status, "results_kept")));
        lines.add("%d MiB resident"
                .formatted(status.path("memory").path("rss_bytes").asLong() >> 20));
        for (JsonNode model : status.path("models")) {
            int busy = 0;
            for (JsonNode slot : model.path("slots")) {
                busy += slot.path("state").asText().equals("idle") ? 0 : 1;
            }
            lines.add("model %s: %d of %d slots busy, %d tokens each"
                    .formatted(text(model, "id"), busy, number(model, "n_parallel"), number(model, "n_ctx")));
        }
        if (status.path("models").isEmpty()) {
            lines.add("no model is loaded");
        }
        return lines;
    }

    private static String library(JsonNode library) {
        return new NodeStatus.Library(
                        text(library, "name"),
                        text(library, "version"),
                        "",
                        library.hasNonNull("path") ? text(library, "path") : null,
                        text(library, "chosen"))
                .inWords();
    }

    private static String text(JsonNode node, String key) {
        return node.path(key).asText();
    }

    private static long number(JsonNode node, String key) {
        return node.path(key).asLong();
    }

    private static String duration(long ms) {
        Duration up = Duration.ofMillis(ms);
        return up.toDays() > 0
                ? "%d d %d h".formatted(up.toDays(), up.toHoursPart())
                : up.toHours() > 0
                        ? "%d h %d min".formatted(up.toHours(), up.toMinutesPart())
                        : "%d min %d s".formatted(up.toMinutes(), up.toSecondsPart());
    }
}
