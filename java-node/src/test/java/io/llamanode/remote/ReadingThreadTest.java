package io.llamanode.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.remote.answer.RemoteAnswer;
import io.llamanode.remote.answer.Trees;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.task.TaskEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A token is too little for a change of threads: the one that reads it tells it. */
class ReadingThreadTest extends ServerFixture {
    @Test
    void partsAreToldByTheThreadThatReadThem() throws Exception {
        openLlamaServer(1);
        CompletableFuture<Void> hello = new CompletableFuture<>();
        server.on(CHAT, (request, connection) -> {
            connection.begin("text/event-stream");
            connection.chunk("data: " + HELLO + "\n\n");
            // What came with the head may be told by another one.
            hello.join();
            connection.chunk("data: " + HELLO + "\n\n");
            connection.chunk("data: " + STOP + "\n\ndata: [DONE]\n\n");
            connection.end();
        });
        CompletableFuture<String> last = new CompletableFuture<>();
        var body = Trees.object().put("model", "tiny").put("stream", true);
        assertTrue(model.submit(
                new RemoteRequest(1, "me", 0, 0, RemoteRequest.NO_DEADLINE, CHAT, body, true),
                new RemoteListener() {
                    private String teller = "";

                    @Override
                    public void part(TaskEvent part) {
                        teller = Thread.currentThread().getName().replaceAll("HttpClient-[0-9]+", "HttpClient");
                        hello.complete(null);
                    }

                    @Override
                    public boolean holds(long bytes) {
                        return true;
                    }

                    @Override
                    public void finished(RemoteAnswer answer, Times times) {
                        last.complete(teller);
                    }

                    @Override
                    public void failed(Failure failure) {
                        last.complete(failure.message());
                    }
                },
                () -> {}));
        assertEquals("HttpClient-SelectorManager", last.get(20, TimeUnit.SECONDS));
    }
}
