package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangMap;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.term.PlainTerms;
import io.llamanode.term.Shown;
import io.llamanode.term.Terms;

/**
 * The text of a result as data, made when the result is told, so that nobody keeps both.
 *
 * <p>Keeps no state: for any thread.
 */
final class Parsing {
    /** Of what is told of a fault, in characters: its place can be as long as the text. */
    private static final int LONGEST = 500;

    private Parsing() {}

    /** {@return the map with what is told of the form of a result's text: {@code parsed} or why it is not, and what was ignored} */
    static Terms.MapBuilder of(GenerationResult result, Terms.MapBuilder map) {
        if (!result.structure().ignored().isEmpty()) {
            map.put("json_schema_ignored", Terms.list(result.structure().ignored(), Parsing::ignored));
        }
        if (!result.isParsed()) {
            return map;
        }
        GenerationResult.Check check = result.structure().check();
        try {
            Object data = JsonReader.parse("content", result.content());
            String fault = check == null ? null : check.fault(result.content());
            return fault == null
                    ? map.put("parsed", PlainTerms.of(data))
                    : map.put("parse_error", Shown.line(fault, LONGEST));
        } catch (FailureException e) {
            return map.put("parse_error", e.failure().message());
        }
    }

    private static OtpErlangMap ignored(GenerationResult.IgnoredKeyword keyword) {
        return Terms.map()
                .put("pointer", keyword.pointer())
                .put("keyword", keyword.keyword())
                .put("message", keyword.message())
                .build();
    }
}
