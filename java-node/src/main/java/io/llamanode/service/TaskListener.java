package io.llamanode.service;

import io.llamanode.engine.GenerationListener;

/** Hears the engine of one task, on its loop thread: text goes to the sink, the end to {@link Tasks}. */
final class TaskListener implements GenerationListener {
    private final Task task;
    private final Tasks tasks;
    private final StringBuilder content = new StringBuilder();
    private int nextIndex;

    TaskListener(Task task, Tasks tasks) {
        this.task = task;
        this.tasks = tasks;
    }

    @Override
    public void text(String text) {
        content.append(text);
        if (task.sink != null) {
            task.sink.accept(task.id, new TaskEvent.Chunk(text, nextIndex++));
        }
    }

    @Override
    public void finished(Outcome outcome) {
        TaskResult result = Results.of(task, content.toString(), outcome);
        Transcript transcript = task.isChat
                ? task.session.model.prompts.answered(task.prepared, result.content(), outcome)
                : null;
        tasks.finished(task, result, transcript);
    }

    @Override
    public void failed(FailureKind kind, String message) {
        tasks.failed(task, kind, message);
    }
}
