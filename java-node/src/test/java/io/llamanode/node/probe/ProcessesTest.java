package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProcessesTest {
    private final ProcessBuilder builder = Processes.launchedBy("/bin/llama-node");
    private final Map<String, String> environment = builder.environment();

    @Test
    void itRunsTheLauncherWithTheJavaOfThisProcess() {
        assertEquals(List.of("/bin/llama-node", "--probe"), builder.command());
        assertEquals(System.getProperty("java.home"), environment.get("LLAMA_NODE_JAVA_HOME"));
    }

    /** A vocabulary must fit into it as it must here. */
    @Test
    void itsHeapHasTheLimitOfThisOne() {
        String heap = "-Xmx%dm ".formatted(Runtime.getRuntime().maxMemory() >> 20);
        assertTrue(environment.get("LLAMA_NODE_JAVA_OPTS").startsWith(heap), environment.get("LLAMA_NODE_JAVA_OPTS"));
    }

    @Test
    void theCookieIsNoneOfItsBusiness() {
        assertFalse(environment.containsKey("LLAMA_NODE_COOKIE"));
    }
}
