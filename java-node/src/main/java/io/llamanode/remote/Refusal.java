package io.llamanode.remote;

import io.llamanode.remote.answer.ServerError;
import io.llamanode.remote.http.Head;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.model.ServerConfig;
import org.jspecify.annotations.Nullable;

/**
 * What a status that is no good one means for a request.
 *
 * @param code of the failure
 * @param message of it
 * @param isOfServer whether it says nothing against the request, so that another model may do it
 * @param isLater whether the server is to be asked again
 * @param retryMs after which, as the server says, or {@code null}
 * @param holdMs for which nobody is to ask it, or {@code null}
 */
record Refusal(
        ErrorCode code,
        String message,
        boolean isOfServer,
        boolean isLater,
        @Nullable Long retryMs,
        @Nullable Long holdMs) {
    private static final int REDIRECTION = 300;
    private static final int CLIENT_ERROR = 400;
    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int REQUEST_TIMEOUT = 408;
    private static final int TOO_EARLY = 425;
    private static final int TOO_MANY = 429;
    private static final int SERVER_ERROR = 500;
    private static final int NOT_IMPLEMENTED = 501;
    private static final int UNAVAILABLE = 503;
    /** Where a server that has too much to do does not say for how long. */
    private static final long HOLD_MS = 1_000;

    private static final double MILLIS = 1_000;

    static Refusal of(@Nullable Head head, String body, ServerConfig.Timeouts timeouts) {
        if (head == null) {
            return failed("it sent no status");
        }
        int status = head.status();
        String said = ServerError.ofBody(body);
        String text = said.isEmpty() ? "it answers %d".formatted(status) : "it answers %d: %s".formatted(status, said);
        if (status >= REDIRECTION && status < CLIENT_ERROR) {
            return failed("it redirects to %s, which is not followed; give that URL if it is right"
                    .formatted(head.location() == null ? "elsewhere" : head.location()));
        }
        boolean ofServer = isOfServer(status);
        return switch (status) {
            case UNAUTHORIZED, FORBIDDEN ->
                new Refusal(ErrorCode.UNAUTHORIZED, text + " (api_key)", ofServer, false, null, null);
            case NOT_IMPLEMENTED -> new Refusal(ErrorCode.UNSUPPORTED, text, ofServer, false, null, null);
            case TOO_MANY -> {
                long hold = Math.min(head.retryAfterMs() == null ? HOLD_MS : head.retryAfterMs(), timeouts.requestMs());
                yield new Refusal(
                        ErrorCode.SERVER_BUSY,
                        "%s; it is asked nothing for %s s".formatted(text, seconds(hold)),
                        ofServer,
                        false,
                        null,
                        hold);
            }
            case UNAVAILABLE ->
                new Refusal(ErrorCode.INFERENCE_FAILED, text, ofServer, true, head.retryAfterMs(), null);
            case BAD_REQUEST ->
                ServerError.isTooLong(body)
                        ? new Refusal(
                                ErrorCode.INVALID_ARGUMENT,
                                "prompt: does not fit into the context (n_ctx); " + text,
                                ofServer,
                                false,
                                null,
                                null)
                        : failed(text);
            default -> new Refusal(ErrorCode.INFERENCE_FAILED, text, ofServer, false, null, null);
        };
    }

    /** {@return whether a status says nothing against the request: the server can not now, or does not let this node in} */
    static boolean isOfServer(int status) {
        return switch (status) {
            case UNAUTHORIZED, FORBIDDEN, REQUEST_TIMEOUT, TOO_EARLY, TOO_MANY -> true;
            default -> status >= SERVER_ERROR && status != NOT_IMPLEMENTED;
        };
    }

    private static Refusal failed(String message) {
        return new Refusal(ErrorCode.INFERENCE_FAILED, message, false, false, null, null);
    }

    private static String seconds(long milliseconds) {
        double seconds = milliseconds / MILLIS;
        return seconds == Math.rint(seconds) ? Long.toString((long) seconds) : Double.toString(seconds);
    }
}
