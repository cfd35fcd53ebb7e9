package io.llamanode.transport.bridge;

import io.llamanode.service.LlamaService;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the connections of a socket have in common. For any thread.
 *
 * @param service does the work
 * @param config limits
 * @param stop begins the end of the node, or {@code null} if nobody there may
 * @param isControl whether it is a node's control socket
 * @param doorkeeper looks at who comes, or {@code null} if the file's permissions are enough
 * @param facts what {@code STATUS} tells of the socket
 * @param streams streams of all connections by their tasks, as long as lines of theirs are to come
 */
record House(
        LlamaService service,
        BridgeConfig config,
        @Nullable Runnable stop,
        boolean isControl,
        @Nullable Doorkeeper doorkeeper,
        Supplier<Map<String, Object>> facts,
        Map<Long, TokenQueue> streams) {
    House(
            LlamaService service,
            BridgeConfig config,
            @Nullable Runnable stop,
            boolean isControl,
            @Nullable Doorkeeper doorkeeper,
            Supplier<Map<String, Object>> facts) {
        this(service, config, stop, isControl, doorkeeper, facts, new ConcurrentHashMap<>());
    }
}
