package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TaskType;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/** The same requests and answers for peers that speak JSON: what is checked and named is what terms are. */
public final class JsonForm {
    private JsonForm() {}

    /**
     * Reads the input of a task. Text that begins with <code>{</code> is a JSON object with the keys of
     * docs/protocol.md, section 2: a chat if it has {@code messages} or {@code content}, else a
     * completion. Any other text is a prompt to complete, taken as it is.
     *
     * @param text the text
     * @param events whether it is answered with events rather than with the result
     * @return the checked input
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    public static TaskInput task(String text, boolean events) {
        if (!text.startsWith("{")) {
            InputValue prompt = InputValue.root("prompt", text);
            Fields none = new Fields(InputValue.root("input", Map.of()));
            return new TaskInput.Completion(
                    null, new Prompt.Text(prompt.nonEmptyText()), true, OptionsDecoder.decode(none));
        }
        Map<String, InputValue> entries =
                InputValue.root("input", JsonReader.parse("input", text)).entries();
        boolean chat = entries.containsKey("messages") || entries.containsKey("content");
        TaskType type = chat ? TaskType.CHAT : TaskType.COMPLETION;
        Fields in = new Fields(InputValue.object("input", binary(text)));
        if (events == in.flag("stream", events)) {
            return InputDecoder.task(new OtpErlangAtom(type.name().toLowerCase(Locale.ROOT)), in);
        }
        throw FailureException.invalid(
                events
                        ? "stream: is false, and INFER_STREAM sends tokens; leave it out, or use INFER"
                        : "stream: is true, and INFER answers with the whole result; leave it out, or use INFER_STREAM");
    }

    /**
     * Reads what model to load. Text that begins with <code>{</code> is a JSON object with the keys of
     * {@code ModelConfig}, {@code path} among them; any other text is the path.
     *
     * @param text the text
     * @return the checked configuration
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    public static ModelConfig model(String text) {
        if (!text.startsWith("{")) {
            return ModelDecoder.decode(InputValue.root("path", text), new Fields(InputValue.root("config", Map.of())));
        }
        Fields in = new Fields(InputValue.object("config", binary(text)));
        return ModelDecoder.decode(in.require("path", ModelDecoder.KEYS.toArray(String[]::new)), in);
    }

    private static OtpErlangBinary binary(String text) {
        return new OtpErlangBinary(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Tells a node's state to a peer that speaks JSON.
     *
     * @param node full name of this node
     * @param status its state
     * @return the map of docs/protocol.md, section 5, of what JSON knows
     */
    public static Map<String, Object> status(String node, NodeStatus status) {
        return plain(ReplyEncoder.status(node, status));
    }

    /**
     * Tells a task's result to a peer that speaks JSON.
     *
     * @param result of a task
     * @return the map of docs/protocol.md, section 3, of what JSON knows
     */
    public static Map<String, Object> result(TaskResult result) {
        return plain(ReplyEncoder.result(result));
    }

    private static Map<String, Object> plain(OtpErlangObject term) {
        return Plain.map(InputValue.root("answer", term));
    }
}
