package io.llamanode.chat.tools.answer;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Collects what an answer turns out to be. White space waits until it is known whether something follows it. */
public final class Output {
    private final StringBuilder content = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final StringBuilder contentSpace = new StringBuilder();
    private final StringBuilder reasoningSpace = new StringBuilder();
    private final List<ToolCall> calls = new ArrayList<>();
    private final Set<String> ids = new HashSet<>();
    private final Supplier<String> newId;
    private List<AnswerEvent> events = new ArrayList<>();
    private boolean reasoned;

    /**
     * Starts an empty answer.
     *
     * @param newId makes ids for calls that have none, or one that is taken
     */
    public Output(Supplier<String> newId) {
        this.newId = newId;
    }

    /**
     * Takes more of what the model says.
     *
     * @param text follows what came before
     */
    public void content(String text) {
        int end = endOfText(text);
        if (end > 0) {
            String shown = contentSpace + text.substring(0, end);
            contentSpace.setLength(0);
            content.append(shown);
            events.add(new AnswerEvent.Content(shown));
        }
        contentSpace.append(text, end, text.length());
    }

    /**
     * Takes more of what it thinks.
     *
     * @param text follows what came before
     */
    public void reasoning(String text) {
        reasoned = true;
        int end = endOfText(text);
        if (end > 0) {
            int start = reasoning.isEmpty() ? startOfText(text) : 0;
            String shown = (reasoning.isEmpty() ? "" : reasoningSpace.toString()) + text.substring(start, end);
            reasoningSpace.setLength(0);
            reasoning.append(shown);
            events.add(new AnswerEvent.Reasoning(shown));
        }
        reasoningSpace.append(text, end, text.length());
    }

    /** White space around reasoning belongs to the template. */
    public void dropSpace() {
        contentSpace.setLength(0);
    }

    /** {@return whether it has said anything but white space} */
    public boolean hasContent() {
        return !content.isEmpty();
    }

    void call(int index, String id, String name, String delta) {
        events.add(new AnswerEvent.Call(index, id, name, delta));
    }

    /**
     * Takes a well-formed call.
     *
     * @param call counted from here on
     */
    public void finished(ToolCall call) {
        calls.add(call);
    }

    /** {@return number of well-formed calls so far} */
    public int callCount() {
        return calls.size();
    }

    /** {@return the id that the model gave, or a new one if it gave none or one that is taken} */
    String uniqueId(@Nullable String given) {
        String id = given;
        while (id == null || id.isEmpty() || !ids.add(id)) {
            id = newId.get();
        }
        return id;
    }

    /** {@return the events since the last time} */
    public List<AnswerEvent> takeEvents() {
        List<AnswerEvent> taken = events;
        events = new ArrayList<>();
        return taken;
    }

    /** Nothing more comes: what an answer without calls ends with is a part of it. */
    public void end() {
        if (calls.isEmpty() && !contentSpace.isEmpty() && (hasContent() || !reasoned)) {
            content.append(contentSpace);
            events.add(new AnswerEvent.Content(contentSpace.toString()));
        }
        contentSpace.setLength(0);
    }

    /** {@return all that is known so far} */
    public Answer answer() {
        return new Answer(content.toString(), reasoning.isEmpty() ? null : reasoning.toString(), List.copyOf(calls));
    }

    private static int endOfText(String text) {
        int end = text.length();
        while (end > 0 && Character.isWhitespace(text.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    private static int startOfText(String text) {
        int start = 0;
        while (start < text.length() && Character.isWhitespace(text.charAt(start))) {
            start++;
        }
        return start;
    }
}
