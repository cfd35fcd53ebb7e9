package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.Prompt;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TaskInput.Encoding;
import io.llamanode.service.contract.task.TaskInput.Pooling;
import io.llamanode.term.Shown;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Inputs of embedding and rerank tasks; docs/protocol.md, section 2. */
final class VectorDecoder {
    private static final Map<String, Pooling> POOLINGS = new TreeMap<>();
    private static final Map<String, Encoding> ENCODINGS = new TreeMap<>();
    private static final int MOST_TEXTS = 65_536;
    /** A larger exponent leaves nothing but the largest value. */
    private static final int LARGEST_NORM = 100;

    private static final int OFF = -1;
    private static final int EUCLIDEAN = 2;

    static {
        for (Pooling pooling : Pooling.values()) {
            POOLINGS.put(pooling.name().toLowerCase(Locale.ROOT), pooling);
        }
        for (Encoding encoding : Encoding.values()) {
            ENCODINGS.put(encoding.name().toLowerCase(Locale.ROOT), encoding);
        }
    }

    private VectorDecoder() {}

    static TaskInput embedding(@Nullable String model, Fields in) {
        boolean content = in.get("content") != null;
        InputValue wanted = content ? in.either("input", "content") : in.wanted("input");
        boolean addSpecial = in.flag("add_special", true);
        Pooling pooling = oneOf(in.get("pooling"), POOLINGS);
        Integer norm = normalize(in);
        Encoding encoding = oneOf(in.get("encoding_format"), ENCODINGS);
        Long deadline = Fields.deadline(in.get("timeout"));
        in.end();
        InputValue input = Objects.requireNonNull(wanted);
        boolean single = isSingle(input);
        return new TaskInput.Embedding(
                model,
                content,
                single ? List.of(InputDecoder.prompt(input)) : prompts(input),
                single,
                addSpecial,
                pooling,
                norm,
                encoding == null ? Encoding.FLOAT : encoding,
                deadline);
    }

    /** A list of integers is one text or the tokens of one, as in a completion's prompt. */
    private static boolean isSingle(InputValue input) {
        if (input.raw() instanceof OtpErlangTuple || !input.isList()) {
            return true;
        }
        List<?> elements = input.elements();
        return !elements.isEmpty() && (input.isIntegers() || elements.getFirst() instanceof Number);
    }

    private static List<Prompt> prompts(InputValue input) {
        return several(input).stream().map(InputDecoder::prompt).toList();
    }

    private static List<InputValue> several(InputValue value) {
        List<InputValue> items = value.list();
        if (items.isEmpty()) {
            throw FailureException.invalid(value.path() + " must not be empty");
        }
        if (items.size() > MOST_TEXTS) {
            throw FailureException.invalid(
                    value.path() + " must have at most " + MOST_TEXTS + " texts, not " + items.size());
        }
        return items;
    }

    private static @Nullable Integer normalize(Fields in) {
        InputValue flag = in.get("normalize");
        Integer norm = in.integer("embd_normalize", OFF, LARGEST_NORM);
        if (flag == null) {
            return norm;
        }
        if (norm != null) {
            throw FailureException.invalid("normalize and embd_normalize exclude each other; give only one");
        }
        return flag.flag() ? EUCLIDEAN : OFF;
    }

    /** {@return what a word stands for, or {@code null} if it is not given} */
    static <T> @Nullable T oneOf(@Nullable InputValue value, Map<String, T> names) {
        if (value == null) {
            return null;
        }
        T known = names.get(value.text());
        if (known == null) {
            throw value.mustBe(Shown.oneOf(names.keySet()));
        }
        return known;
    }

    static TaskInput rerank(@Nullable String model, Fields in) {
        InputValue query = in.wanted("query");
        InputValue documents = in.wanted("documents");
        Integer best = in.integer("top_n", 0, Integer.MAX_VALUE);
        Long deadline = Fields.deadline(in.get("timeout"));
        in.end();
        return new TaskInput.Rerank(
                model,
                Objects.requireNonNull(query).text(),
                several(Objects.requireNonNull(documents)).stream()
                        .map(InputValue::text)
                        .toList(),
                best,
                deadline);
    }
}
