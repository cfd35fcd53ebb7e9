package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangBoolean;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.service.contract.task.MatchReport;
import io.llamanode.service.contract.task.SchemaReport;
import io.llamanode.term.Terms;

/** Answers to what is asked of schemas and texts; docs/protocol.md, section 5. */
public final class ConstraintEncoder {
    private ConstraintEncoder() {}

    /**
     * Answers {@code match}.
     *
     * @param report of a text
     * @return {@code {ok, #{matches, beginning, byte, character}}}
     */
    public static OtpErlangTuple match(MatchReport report) {
        return ReplyEncoder.ok(Terms.map()
                .put("matches", new OtpErlangBoolean(report.matches()))
                .put("beginning", new OtpErlangBoolean(report.beginning()))
                .put("byte", report.bytes())
                .put("character", report.characters())
                .build());
    }

    /**
     * Answers {@code check_schema}.
     *
     * @param report of a schema
     * @return {@code {ok, #{honoured, problems}}}
     */
    public static OtpErlangTuple schema(SchemaReport report) {
        return ReplyEncoder.ok(Terms.map()
                .put("honoured", new OtpErlangBoolean(report.isHonoured()))
                .put(
                        "problems",
                        Terms.list(
                                report.problems(),
                                problem -> Terms.map()
                                        .put("pointer", problem.pointer())
                                        .put("keyword", problem.keyword())
                                        .put("message", problem.message())
                                        .build()))
                .build());
    }
}
