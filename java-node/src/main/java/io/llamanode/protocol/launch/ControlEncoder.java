package io.llamanode.protocol.launch;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangDouble;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.service.contract.Failure;
import io.llamanode.term.Terms;
import java.util.List;

/** What the node tells the BEAM on its standard output; docs/protocol.md, section 7. */
public final class ControlEncoder {
    private ControlEncoder() {}

    /**
     * Hands a log record to the parent, whose logger writes it.
     *
     * @param level any but {@link LogLevel#NONE}
     * @param logger name of the logger
     * @param message the text
     * @return {@code {log, Level, Logger, Message}}
     * @throws IllegalArgumentException if the level is {@link LogLevel#NONE}
     */
    public static OtpErlangTuple log(LogLevel level, String logger, String message) {
        if (level == LogLevel.NONE) {
            throw new IllegalArgumentException("no record has the level none");
        }
        return Terms.tuple(Terms.atom("log"), Terms.atom(level.wireName()), Terms.text(logger), Terms.text(message));
    }

    /**
     * Tells the parent how far a model of the configuration has been loaded.
     *
     * @param path of the model being loaded
     * @param fraction from 0 to 1
     * @return {@code {progress, Path, Fraction}}
     */
    public static OtpErlangTuple progress(String path, double fraction) {
        return Terms.tuple(Terms.atom("progress"), Terms.text(path), new OtpErlangDouble(fraction));
    }

    /**
     * Tells the parent that the models are loaded and that requests are taken.
     *
     * @param node full name of this node
     * @param osPid process id
     * @param version of llama_node
     * @param models ids of the loaded models
     * @return {@code {ready, Map}}
     */
    public static OtpErlangTuple ready(String node, long osPid, String version, List<String> models) {
        return Terms.tuple(
                Terms.atom("ready"),
                Terms.map()
                        .put("node", new OtpErlangAtom(node))
                        .put("os_pid", osPid)
                        .put("version", version)
                        .put("models", Terms.list(models, Terms::text))
                        .build());
    }

    /**
     * What a check before a start has found.
     *
     * @param check what was looked at
     * @param holds whether it is as it should be
     * @param detail what was found, or what is wrong; may be empty
     */
    public record Checked(String check, boolean holds, String detail) {}

    /**
     * Tells the parent what a start would meet.
     *
     * @param checks in their order
     * @return {@code {checked, [Map]}}
     */
    public static OtpErlangTuple checked(List<Checked> checks) {
        return Terms.tuple(
                Terms.atom("checked"),
                Terms.list(
                        checks,
                        check -> Terms.map()
                                .put("check", check.check())
                                .put("status", Terms.atom(check.holds() ? "ok" : "failed"))
                                .put("detail", check.detail())
                                .build()));
    }

    /**
     * Tells the parent why the node is about to end.
     *
     * @param failure why the node could not start
     * @return {@code {failed, {Code, Message}}}
     */
    public static OtpErlangTuple failed(Failure failure) {
        return Terms.tuple(Terms.atom("failed"), ReplyEncoder.failure(failure));
    }
}
