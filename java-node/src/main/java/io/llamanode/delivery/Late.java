package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.protocol.ReplyEncoder;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.task.TaskResult;
import io.llamanode.term.LateTerm;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is told while a lock is held that others wait for, or by a thread that others wait for: as what it is made of, in
 * order. The thread that writes to the process makes terms and bytes of it. What it cannot make becomes a failure, so that
 * everybody is told something and the connection goes on.
 */
final class Late {
    private static final Logger LOG = LoggerFactory.getLogger(Late.class);
    /** Of an answer without a text, bytes. */
    private static final int SMALL = 64;

    private Late() {}

    /** {@return an answer that says nothing but {@code ok}} */
    static LateTerm ok() {
        return small(ReplyEncoder.OK, ok -> ok);
    }

    /** {@return an answer of a few bytes} */
    static <T> LateTerm small(T value, Function<T, OtpErlangObject> encoded) {
        return LateTerm.late(value, encoded, SMALL, Late::defective);
    }

    /** {@return the answer of a caller who wants what a task gave} */
    static LateTerm answer(TaskResult result) {
        return LateTerm.late(result, ReplyEncoder::answer, ReplyEncoder.weight(result), Late::defective);
    }

    /** {@return the answer of a caller who gets nothing else} */
    static LateTerm error(Failure failure) {
        return LateTerm.late(failure, ReplyEncoder::error, ReplyEncoder.weight(failure), null);
    }

    private static OtpErlangObject defective(Throwable defect) {
        return ReplyEncoder.error(unknown(defect));
    }

    /** Logs a defect of the node. {@return what those are told who notice it} */
    static Failure unknown(Throwable defect) {
        String id = UUID.randomUUID().toString();
        LOG.error("defect {}", id, defect);
        return new Failure(ErrorCode.UNKNOWN, "a defect of the node; the log has it under " + id);
    }
}
