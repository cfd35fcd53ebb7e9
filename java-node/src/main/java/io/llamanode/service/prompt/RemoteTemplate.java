package io.llamanode.service.prompt;

import io.llamanode.remote.Questions;
import io.llamanode.remote.RemoteModel;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.request.ServerKind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.ChatOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;

/** Renders conversations with the template of a server, and counts and makes their tokens. Slow; one thread. */
final class RemoteTemplate {
    /** Of what a template puts around a message; tokens. */
    private static final int AROUND = 16;
    /** Bytes of a token, about, where nobody counts. */
    private static final int BYTES_OF_TOKEN = 3;

    private final RemoteModel model;
    private final ServerFacts facts;

    RemoteTemplate(RemoteModel model, ServerFacts facts) {
        this.model = model;
        this.facts = facts;
    }

    /**
     * The tokens of a conversation in which control tokens count in the template alone: each content is rendered as a word that
     * stands nowhere else, and its own tokens are put in its place.
     *
     * @return the tokens, and what the template wrote behind the last content
     * @throws FailureException {@code unsupported} if something else than contents would have to be replaced
     */
    Rendered tokens(List<Map<String, Object>> messages, ChatOptions chat) {
        Questions questions = model.questions();
        Map<String, String> contents = new LinkedHashMap<>();
        List<Map<String, Object>> marked = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            Map<String, Object> message = messages.get(i);
            List<String> rest = new ArrayList<>();
            message.forEach((key, value) -> {
                if (!key.equals("content") && !key.equals("role")) {
                    ControlSpelling.texts(value, rest);
                }
            });
            if (!(message.get("content") instanceof String content)
                    || ControlSpelling.isRead(questions, String.join("\n", rest))) {
                throw new FailureException(
                        ErrorCode.UNSUPPORTED,
                        "messages[%d]: spells a control token outside of its text, which %s would read as one; trust_content sends it all the same"
                                .formatted(i, facts.kind().words()));
            }
            String word = "w" + UUID.randomUUID().toString().replace("-", "") + "x";
            contents.put(word, content);
            Map<String, Object> copy = new LinkedHashMap<>(message);
            copy.put("content", content.isEmpty() ? "" : word);
            marked.add(copy);
        }
        return join(questions, questions.render(marked, List.of(), chat.variables()), contents);
    }

    /** A conversation as tokens, and the end of it that is the template's. */
    record Rendered(int[] tokens, String end) {}

    private static Rendered join(Questions questions, String rendered, Map<String, String> contents) {
        IntStream.Builder tokens = IntStream.builder();
        boolean first = true;
        int from = 0;
        int end = 0;
        while (from < rendered.length()) {
            String next = null;
            int at = rendered.length();
            for (String word : contents.keySet()) {
                int found = rendered.indexOf(word, from);
                if (found >= 0 && found < at) {
                    at = found;
                    next = word;
                }
            }
            if (at > from || first) {
                add(tokens, questions.tokenize(rendered.substring(from, at), first, true));
                first = false;
            }
            if (next != null) {
                add(tokens, questions.tokenize(contents.getOrDefault(next, ""), false, false));
                at += next.length();
            }
            from = at;
            end = next == null ? end : at;
        }
        return new Rendered(tokens.build().toArray(), rendered.substring(end));
    }

    private static void add(IntStream.Builder all, int[] tokens) {
        for (int token : tokens) {
            all.add(token);
        }
    }

    /**
     * @param enough nobody needs to know more exactly whether it is less
     * @return tokens of the conversation, or an estimate
     */
    long size(List<Map<String, Object>> messages, ChatOptions chat, int enough) {
        List<String> texts = new ArrayList<>();
        messages.forEach(message -> ControlSpelling.texts(message, texts));
        ControlSpelling.texts(chat.callable(), texts);
        long bytes = texts.stream().mapToLong(text -> 3L * text.length()).sum();
        long most = bytes + (long) AROUND * messages.size();
        if (most <= enough) {
            return most;
        }
        if (facts.kind() != ServerKind.LLAMA_SERVER) {
            return texts.stream().mapToLong(String::length).sum() / BYTES_OF_TOKEN + (long) AROUND * messages.size();
        }
        String prompt = model.questions().render(messages, chat.callable(), chat.variables());
        return model.questions().tokenize(prompt, true, true).length;
    }
}
