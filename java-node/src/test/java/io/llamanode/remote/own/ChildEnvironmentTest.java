package io.llamanode.remote.own;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChildEnvironmentTest {
    private static Map<String, String> reduced(String name, String value) {
        Map<String, String> variables = new HashMap<>(Map.of(name, value));
        ChildEnvironment.reduce(variables, "sesame");
        assertEquals("sesame", variables.remove("LLAMA_API_KEY"));
        return variables;
    }

    @ParameterizedTest
    @CsvSource({
        "LLAMA_NODE_COOKIE, x",
        "LLAMA_NODE_SERVER_API_KEY, x",
        "RELEASE_COOKIE, x",
        "ERL_AFLAGS, -setcookie x",
        "SECRET_KEY_BASE, x",
        "AWS_SECRET_ACCESS_KEY, x",
        "github_token, x",
        "PGPASSWORD, x",
        "DATABASE_URL, postgres://me:x@db/app",
        "LLAMA_API_KEY, x"
    })
    void secretsStayWithTheNode(String name, String value) {
        assertEquals(Map.of(), reduced(name, value));
    }

    @ParameterizedTest
    @CsvSource({
        "PATH, /bin",
        "LLAMA_ARG_SSL_KEY_FILE, /key",
        "HF_TOKEN, x",
        "LLAMA_CACHE, /models",
        "CUDA_VISIBLE_DEVICES, 1",
        "HTTPS_PROXY, http://proxy:3128"
    })
    void theServerGetsEverythingElse(String name, String value) {
        assertEquals(Map.of(name, value), reduced(name, value));
    }

    @Test
    void thisProcessGivesItsPath() {
        Map<String, String> variables = new ProcessBuilder("true").environment();
        ChildEnvironment.reduce(variables, "sesame");
        assertTrue(variables.containsKey("PATH"));
    }
}
