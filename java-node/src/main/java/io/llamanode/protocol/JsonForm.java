package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.NodeStatus;
import io.llamanode.service.contract.model.ModelConfig;
import io.llamanode.service.contract.model.ModelReport;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.service.contract.task.TokenPiece;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The same requests and answers for peers that speak JSON: what is checked and named is what terms are. */
public final class JsonForm {
    private JsonForm() {}

    /**
     * Reads the input of a task of a model without a template: a completion, or a chat if it is an object that says so.
     *
     * @param text as of {@link LineInput.Kind#INFER}
     * @param events whether it is answered with events rather than with the result
     * @return the checked input
     * @throws FailureException {@code invalid_argument} naming the offending key
     */
    public static TaskInput task(String text, boolean events) {
        LineInput read = LineInput.task(LineInput.Kind.INFER, text, null, () -> false);
        if (read.stream() == null || read.stream() == events) {
            return read.input();
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
        return ModelDecoder.listed(new Fields(InputValue.object("config", binary(text))));
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
        return map(ReplyEncoder.status(node, status));
    }

    /**
     * Tells a task's result to a peer that speaks JSON.
     *
     * @param result of a task
     * @return the map of docs/protocol.md, section 3, of what JSON knows
     */
    public static Map<String, Object> result(TaskResult result) {
        return map(ReplyEncoder.result(result));
    }

    /**
     * Tells which models are loaded to a peer that speaks JSON.
     *
     * @param models loaded ones
     * @return the list of docs/protocol.md, section 5, of what JSON knows
     */
    public static List<Object> models(List<ModelReport> models) {
        return list(ModelEncoder.models(models));
    }

    /**
     * Tells tokens and what they stand for to a peer that speaks JSON.
     *
     * @param tokens with their bytes; where these are a part of a code point, its text has U+FFFD for it
     * @return a map with {@code id} and {@code piece} for each
     */
    public static List<Object> pieces(List<TokenPiece> tokens) {
        return list(ModelEncoder.pieces(tokens));
    }

    private static Map<String, Object> map(OtpErlangMap term) {
        Map<String, Object> map = new LinkedHashMap<>();
        term.entrySet().forEach(entry -> map.put(String.valueOf(value(entry.getKey())), value(entry.getValue())));
        return map;
    }

    private static List<Object> list(OtpErlangList term) {
        List<Object> list = new ArrayList<>(term.arity());
        term.forEach(element -> list.add(value(element)));
        return list;
    }

    /** What is no UTF-8 here is the bytes of a token, which may end within a code point. */
    private static @Nullable Object value(OtpErlangObject term) {
        return switch (term) {
            case OtpErlangAtom atom when InputValue.isBoolean(atom) -> atom.booleanValue();
            case OtpErlangAtom atom when atom.atomValue().equals("null") -> null;
            case OtpErlangAtom atom -> atom.atomValue();
            case OtpErlangBinary binary -> new String(binary.binaryValue(), StandardCharsets.UTF_8);
            case OtpErlangLong number when number.isLong() -> number.longValue();
            case OtpErlangLong number -> number.bigIntegerValue();
            case OtpErlangDouble number -> number.doubleValue();
            case OtpErlangMap map -> map(map);
            case OtpErlangList list -> list(list);
            default -> throw new IllegalStateException("an answer holds " + term.getClass());
        };
    }
}
