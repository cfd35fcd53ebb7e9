package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.GenerationResult.Structure;
import io.llamanode.term.Terms;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What docs/protocol.md, section 3, says of {@code parsed} and {@code parse_error}. */
class ParsingTest {
    private static OtpErlangMap told(String content, FinishReason reason, GenerationResult.@Nullable Check check) {
        return ReplyEncoder.result(new GenerationResult(
                5,
                "tiny",
                content,
                null,
                List.of(),
                reason,
                StoppedBy.EOS,
                null,
                0L,
                new GenerationResult.Usage(1, 1, 0),
                new GenerationResult.Timings(0, 0, 0, 0, 0, 0, null),
                null,
                new Structure(true, List.of(), check)));
    }

    private static @Nullable OtpErlangObject of(OtpErlangMap map, String key) {
        return map.get(Terms.atom(key));
    }

    private static String error(OtpErlangMap map) {
        return new String(((OtpErlangBinary) of(map, "parse_error")).binaryValue(), StandardCharsets.UTF_8);
    }

    @Test
    void whatACheckFindsIsToldInsteadOfTheData() {
        OtpErlangMap wrong = told("[1,1]", FinishReason.STOP, content -> "wrong: " + content);
        assertEquals("wrong: [1,1]", error(wrong));
        assertNull(of(wrong, "parsed"));
        OtpErlangMap right = told("[1,1]", FinishReason.STOP, content -> null);
        assertEquals("[1,1]", of(right, "parsed").toString());
        assertNull(of(right, "parse_error"));
    }

    @Test
    void onlyWhatIsAllThereAndIsJsonIsChecked() {
        GenerationResult.Check never = content -> {
            throw new AssertionError(content);
        };
        OtpErlangMap cut = told("[1,1", FinishReason.LENGTH, never);
        assertNull(of(cut, "parsed"));
        assertNull(of(cut, "parse_error"));
        assertTrue(error(told("{\"a\":1,\"a\":1}", FinishReason.STOP, never)).contains("\"a\" is given twice"));
    }

    @Test
    void aLongFaultIsCut() {
        assertTrue(error(told("[]", FinishReason.STOP, content -> "x".repeat(100_000)))
                        .length()
                < 1000);
    }
}
