package io.llamanode.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.remote.answer.Trees;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.model.Secret;
import io.llamanode.service.contract.model.ServerConfig;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** A scripted server, and a model that it runs. */
abstract class ServerFixture {
    static final String CHAT = "/v1/chat/completions";
    static final String HELLO = "{\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}";
    static final String STOP = "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
    static final String KEY = "sesame-open";
    static final String TEAM = "blue-team";

    ScriptedServer server = new ScriptedServer();
    RemoteModel model;
    long lastId;

    @AfterEach
    void close() {
        if (model != null) {
            model.close();
        }
        server.close();
    }

    static ServerConfig config(URI url, ServerConfig.Timeouts timeouts, boolean lazy) {
        return new ServerConfig(
                url,
                null,
                new Secret(KEY),
                true,
                lazy,
                false,
                Map.of("X-Team", new Secret(TEAM)),
                null,
                ServerConfig.Tls.SYSTEM,
                timeouts,
                null,
                null,
                null);
    }

    RemoteModel open(ServerConfig config) {
        model = RemoteModel.open(config, null);
        return model;
    }

    RemoteModel open() {
        return open(config(server.url(), ServerConfig.Timeouts.DEFAULTS, false));
    }

    RemoteModel openLlamaServer(int slots) {
        server.likeLlamaServer(slots, 256);
        return open();
    }

    Heard ask() {
        return ask(new Heard(), RemoteRequest.NO_DEADLINE, "x");
    }

    Heard ask(Heard heard, long deadline, String content) {
        var body = Trees.object().put("model", "tiny").put("stream", true).put("content", content);
        assertTrue(model.submit(new RemoteRequest(++lastId, "me", 0, 0, deadline, CHAT, body, true), heard, () -> {}));
        return heard;
    }

    static void assertFails(ErrorCode code, String message, Failure failure) {
        assertEquals(code, failure.code(), failure.message());
        assertTrue(failure.message().contains(message), failure.message());
    }

    long busySlots() {
        return model.state().slots().stream().filter(slot -> slot.task() != 0).count();
    }
}
