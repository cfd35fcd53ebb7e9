package io.llamanode.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.llamanode.remote.answer.RemoteAnswer;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.task.TaskEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** What a listener heard. */
final class Heard implements RemoteListener {
    private final BlockingQueue<TaskEvent> parts = new LinkedBlockingQueue<>();
    private final CompletableFuture<Object> end = new CompletableFuture<>();
    private final List<Object> ends = new ArrayList<>();
    final CompletableFuture<Void> begun = new CompletableFuture<>();
    private final AtomicLong room;

    Heard() {
        this(Long.MAX_VALUE);
    }

    /** @param room bytes that the answer may take */
    Heard(long room) {
        this.room = new AtomicLong(room);
    }

    @Override
    public void begins() {
        begun.complete(null);
    }

    @Override
    public void part(TaskEvent part) {
        parts.add(part);
    }

    @Override
    public boolean holds(long bytes) {
        return room.addAndGet(-bytes) >= 0;
    }

    private synchronized void ended(Object how) {
        ends.add(how);
        end.complete(how);
    }

    @Override
    public void finished(RemoteAnswer answer, Times times) {
        ended(answer);
    }

    @Override
    public void finished(JsonNode value, Times times) {
        ended(value);
    }

    @Override
    public void failed(Failure failure) {
        ended(failure);
    }

    TaskEvent part() throws InterruptedException {
        TaskEvent part = parts.poll(20, TimeUnit.SECONDS);
        if (part == null) {
            throw new AssertionError("no part came");
        }
        return part;
    }

    private Object end() throws Exception {
        return end.get(20, TimeUnit.SECONDS);
    }

    RemoteAnswer answer() throws Exception {
        return end() instanceof RemoteAnswer answer ? answer : fail();
    }

    JsonNode value() throws Exception {
        return end() instanceof JsonNode value ? value : fail();
    }

    Failure failure() throws Exception {
        return end() instanceof Failure failure ? failure : fail();
    }

    private <T> T fail() throws Exception {
        throw new AssertionError("it ended with " + end());
    }

    boolean isOver() {
        return end.isDone();
    }

    synchronized int ends() {
        return ends.size();
    }
}
