package io.llamanode.service.contract.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerConfigTest {
    private static final List<URI> ALLOWED = List.of(URI.create("http://gpu.example:8080/models"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://gpu.example:8080/models",
                "http://gpu.example:8080/models/",
                "HTTP://GPU.example:8080/models/a"
            })
    void aRequestMayNameAServerBelowAnAllowedPlace(String url) {
        assertNull(ServerConfig.of(URI.create(url)).refusedFor(ALLOWED));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://gpu.example:8080/",
                "http://gpu.example:8080/modelsmore",
                "http://gpu.example:8080/models/../admin",
                "http://gpu.example:80801/models",
                "http://gpu.example/models",
                "https://gpu.example:8080/models",
                "http://gpu.example:8080/models/..",
                "http://gpu.example:8080/models/./x",
                "http://gpu.example:8080/models%2F..%2Fadmin",
                "http://gpu.example:8080/models/%2e%2e/admin",
                "http://gpu.example:8080/models/%252e%252e/admin",
                "http://gpu.example:8080/models/..;/admin",
                "http://gpu.example:8080/models//admin",
                "http://gpu.example:8080//models",
                "http://gpu.example:8080/Models",
                "http://gpu.example.:8080/models",
                "http://gpu.example:8080@evil.example/models",
                "http://user@gpu.example.evil:8080/models",
                "http://[::1]:8080/models",
                "http://127.0.0.1:8080/models",
                "http://gpu.example.evil:8080/models"
            })
    void aRequestMayNameNoOtherServer(String url) {
        assertNotNull(ServerConfig.of(URI.create(url)).refusedFor(ALLOWED));
    }

    private static ServerConfig with(URI proxy, ServerConfig.Tls tls) {
        return new ServerConfig(
                ALLOWED.getFirst(),
                null,
                new Secret("sesame"),
                true,
                false,
                false,
                Map.of("X", new Secret("open")),
                proxy,
                tls,
                ServerConfig.Timeouts.DEFAULTS,
                null,
                null,
                null);
    }

    @Test
    void aRequestMayNameNoFilesAndNoProxy() {
        Path file = Path.of("a.pem");
        assertNotNull(with(null, new ServerConfig.Tls(file, null, null)).refusedFor(ALLOWED));
        assertNotNull(with(null, new ServerConfig.Tls(null, file, file)).refusedFor(ALLOWED));
        assertNotNull(with(URI.create("http://p"), ServerConfig.Tls.SYSTEM).refusedFor(ALLOWED));
        assertNull(with(null, ServerConfig.Tls.SYSTEM).refusedFor(ALLOWED));
    }

    @Test
    void aRequestMayStartNoProgram() {
        ServerConfig own = new ServerConfig(
                ALLOWED.getFirst(),
                null,
                null,
                true,
                false,
                false,
                Map.of(),
                null,
                ServerConfig.Tls.SYSTEM,
                ServerConfig.Timeouts.DEFAULTS,
                null,
                null,
                List.of("llama-server"));
        assertEquals(
                "command: can not be set by a request; it belongs to the node's configuration",
                own.refusedFor(ALLOWED));
        assertEquals("llama-server", own.place());
    }

    @Test
    void noSecretIsShown() {
        String shown = with(null, ServerConfig.Tls.SYSTEM).toString();
        assertFalse(shown.contains("sesame") || shown.contains("open"), shown);
        assertEquals("a *** b", new Secret("sesame").strikeFrom("a sesame b"));
    }
}
