package io.llamanode.node.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StatusTextTest {
    private static List<String> text(String json) throws Exception {
        return StatusText.of(new ObjectMapper().readTree(json), 42);
    }

    private static String up(long ms) throws Exception {
        String first = text("{\"node\": \"n@h\", \"state\": \"ready\", \"uptime_ms\": " + ms + "}")
                .getFirst();
        return first.replace("n@h is ready (process 42, up ", "").replace(")", "");
    }

    @Test
    void everythingAtAGlance() throws Exception {
        String slots = "[{\"state\": \"idle\"}, {\"state\": \"decode\"}, {\"state\": \"prefill\"}]";
        assertEquals(
                List.of(
                        "n@h is draining (process 42, up 0 min 5 s)",
                        "llama_node 1.2, llama.cpp v3 from /l/libllama.so (the newest that was found)",
                        "1 sessions, 2 tasks running, 3 waiting, 4 results kept",
                        "5 MiB resident",
                        "model m: 2 of 3 slots busy, 64 tokens each",
                        "model o: 0 of 1 slots busy, 8 tokens each"),
                text("{\"node\": \"n@h\", \"state\": \"draining\", \"uptime_ms\": 5999, \"version\": \"1.2\","
                        + "\"library\": {\"name\": \"llama.cpp\", \"version\": \"v3\","
                        + "\"path\": \"/l/libllama.so\", \"chosen\": \"the newest that was found\"}, \"sessions\": 1, \"tasks_running\": 2,"
                        + "\"tasks_waiting\": 3, \"results_kept\": 4, \"memory\": {\"rss_bytes\": 5242881},"
                        + "\"models\": [{\"id\": \"m\", \"n_parallel\": 3, \"n_ctx\": 64, \"slots\": " + slots + "},"
                        + "{\"id\": \"o\", \"n_parallel\": 1, \"n_ctx\": 8, \"slots\": [{\"state\": \"idle\"}]}]}"));
    }

    @Test
    void noModel() throws Exception {
        assertEquals("no model is loaded", text("{\"models\": []}").getLast());
    }

    @Test
    void uptimesHaveTwoUnits() throws Exception {
        assertEquals("59 min 59 s", up(3_599_999));
        assertEquals("1 h 0 min", up(3_600_000));
        assertEquals("23 h 59 min", up(86_399_999));
        assertEquals("1 d 0 h", up(86_400_000));
        assertEquals("10 d 1 h", up(867_600_000));
    }
}
