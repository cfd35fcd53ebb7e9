package io.llamanode.engine;

import io.llamanode.engine.contract.GenerationListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Remembers what a listener heard, and fails on a second terminal event. */
public class Recorder implements GenerationListener {
    public final List<String> texts = new ArrayList<>();
    public final CompletableFuture<Object> ending = new CompletableFuture<>();
    /** Every ending that was told, of which there may be one; whoever tells a second one does not see what that throws. */
    public final List<Object> endings = new CopyOnWriteArrayList<>();

    @Override
    public synchronized void text(String text) {
        if (ending.isDone()) {
            throw new AssertionError("text after the end");
        }
        texts.add(text);
    }

    @Override
    public void finished(Outcome outcome) {
        end(outcome);
    }

    @Override
    public void failed(FailureKind kind, String message) {
        end(kind);
    }

    private void end(Object how) {
        endings.add(how);
        if (!ending.complete(how)) {
            throw new AssertionError("ended twice: " + ending.join() + ", " + how);
        }
    }

    public synchronized String text() {
        return String.join("", texts);
    }

    public Outcome outcome() {
        return (Outcome) await();
    }

    public FailureKind failure() {
        return (FailureKind) await();
    }

    private Object await() {
        try {
            return ending.get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no terminal event", e);
        }
    }
}
