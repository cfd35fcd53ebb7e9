package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.service.contract.task.ChatTemplating;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskType;
import io.llamanode.service.contract.task.TokenText;
import io.llamanode.term.Shown;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Inputs and session configurations; docs/protocol.md, section 2. */
final class InputDecoder {
    private static final Map<String, TaskType> TYPES = new TreeMap<>();

    static {
        for (TaskType type : TaskType.values()) {
            TYPES.put(type.name().toLowerCase(Locale.ROOT), type);
        }
    }

    private static final String PROMPT = "text, a list of token ids or {tokens, Ids}";

    private InputDecoder() {}

    /** @param in the input's fields, of which the caller may have taken some */
    static TaskInput task(OtpErlangObject type, Fields in) {
        InputValue name = InputValue.root("type", type);
        TaskType known = TYPES.get(name.text());
        if (known == null) {
            throw name.mustBe(Shown.oneOf(TYPES.keySet()));
        }
        String model = in.nonEmptyText("model");
        return switch (known) {
            case COMPLETION -> completion(model, in);
            case CHAT -> ChatDecoder.chat(model, in);
            case EMBEDDING -> VectorDecoder.embedding(model, in);
            case RERANK -> VectorDecoder.rerank(model, in);
            case INFILL -> infill(model, in);
        };
    }

    private static TaskInput infill(@Nullable String model, Fields in) {
        InputValue extra = in.get("input_extra");
        String prompt = in.text("prompt");
        InputValue prefix = in.wanted("input_prefix");
        InputValue suffix = in.wanted("input_suffix");
        GenerationOptions options = OptionsDecoder.decode(in);
        in.end();
        return new TaskInput.Infill(
                model,
                Objects.requireNonNull(prefix).text(),
                Objects.requireNonNull(suffix).text(),
                extra == null
                        ? List.of()
                        : extra.list().stream().map(InputDecoder::snippet).toList(),
                prompt == null ? "" : prompt,
                options);
    }

    /** The names are those of llama.cpp's server, and so is the file's name where none is given. */
    private static TaskInput.Snippet snippet(InputValue value) {
        Fields in = new Fields(value);
        String filename = in.text("filename");
        var snippet = new TaskInput.Snippet(
                filename == null ? "tmp" : filename, in.require("text").text());
        in.end();
        return snippet;
    }

    private static TaskInput completion(@Nullable String model, Fields in) {
        InputValue given = in.wanted("prompt");
        boolean parseSpecial = in.flag("parse_special", false);
        boolean addSpecial = in.flag("add_special", true);
        GenerationOptions options = OptionsDecoder.decode(in);
        in.end();
        Prompt prompt = prompt(Objects.requireNonNull(given));
        if (parseSpecial && prompt instanceof Prompt.Text(String text)) {
            prompt = new Prompt.Special(text);
        }
        return new TaskInput.Completion(model, prompt, addSpecial, options);
    }

    /**
     * In a term, a list of integers is text when a shell would print it as such, and token ids
     * otherwise; {@code {tokens, Ids}} and a JSON array are always token ids.
     */
    static Prompt prompt(InputValue value) {
        if (value.raw() instanceof OtpErlangTuple) {
            List<InputValue> pair = value.pair();
            if (pair == null
                    || !(pair.get(0).raw() instanceof OtpErlangAtom tag)
                    || !tag.atomValue().equals("tokens")) {
                throw value.mustBe(PROMPT);
            }
            return new Prompt.Tokens(value.unwrapped(pair.get(1).raw()).tokens());
        }
        if (!value.isList() && !value.isText()) {
            throw value.mustBe(PROMPT);
        }
        return value.isList() && !value.isPrintable()
                ? new Prompt.Tokens(value.tokens())
                : new Prompt.Text(value.text());
    }

    static SessionConfig session(OtpErlangObject config) {
        return session(new Fields(InputValue.object("config", config)));
    }

    static SessionConfig session(Fields in) {
        var session = new SessionConfig(
                in.nonEmptyText("model"), in.text("system_prompt"), OptionsDecoder.decode(in), ChatDecoder.options(in));
        in.end();
        return session;
    }

    /** What a session may say anew: all but its model. */
    static SessionConfig sessionChange(OtpErlangObject config) {
        Fields in = new Fields(InputValue.object("config", config));
        var change =
                new SessionConfig(null, in.text("system_prompt"), OptionsDecoder.decode(in), ChatDecoder.options(in));
        in.end();
        return change;
    }

    static Request.Tokenize tokenize(OtpErlangObject input) {
        InputValue value = InputValue.root("input", input);
        if (!isObject(value)) {
            return new Request.Tokenize(new TokenText(null, value.text(), false, false), false);
        }
        return tokenize(new Fields(value));
    }

    static Request.Tokenize tokenize(Fields in) {
        boolean withPieces = in.flag("with_pieces", false);
        var request = new Request.Tokenize(text(in), withPieces);
        in.end();
        return request;
    }

    static TokenText countTokens(OtpErlangObject input) {
        InputValue value = InputValue.root("input", input);
        if (!isObject(value)) {
            return new TokenText(null, value.text(), false, false);
        }
        Fields in = new Fields(value);
        TokenText text = text(in);
        in.end();
        return text;
    }

    private static TokenText text(Fields in) {
        return new TokenText(
                in.nonEmptyText("model"),
                in.require("content", "add_special", "parse_special").text(),
                in.flag("add_special", false),
                in.flag("parse_special", false));
    }

    static Request.Detokenize detokenize(OtpErlangObject input) {
        // A list of small ids looks like text to Erlang, and is none here.
        InputValue bare = InputValue.root("input", input);
        InputValue value = bare.isList() ? bare : InputValue.object("input", input);
        if (value.isList() && !isObject(value)) {
            return new Request.Detokenize(
                    null, InputValue.root("tokens", value.raw()).tokens(), false);
        }
        Fields in = new Fields(value);
        var request = new Request.Detokenize(
                in.nonEmptyText("model"), in.require("tokens").tokens(), in.flag("special", false));
        in.end();
        return request;
    }

    /** Whether this is fields rather than the text or the tokens themselves. */
    private static boolean isObject(InputValue value) {
        return value.raw() instanceof OtpErlangList list
                ? list.arity() > 0 && (list.elementAt(0) instanceof OtpErlangTuple)
                : !(value.isList() || value.isText());
    }

    static ChatTemplating templating(OtpErlangObject input) {
        return ChatDecoder.templating(new Fields(InputValue.object("input", input)));
    }
}
