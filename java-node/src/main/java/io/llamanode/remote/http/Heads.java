package io.llamanode.remote.http;

import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the beginnings of answers. For any thread. */
final class Heads {
    private static final double MILLIS = 1_000;

    private Heads() {}

    static Head of(HttpResponse.ResponseInfo info) {
        HttpHeaders headers = info.headers();
        String coding = headers.firstValue("content-encoding")
                .map(each -> each.strip().toLowerCase(Locale.ROOT))
                .orElse("");
        return new Head(
                info.statusCode(),
                headers.firstValue("retry-after")
                        .map(value ->
                                milliseconds(value, headers.firstValue("date").orElse(null)))
                        .orElse(null),
                headers.firstValue("location").orElse(null),
                coding.isEmpty() || coding.equals("identity") ? null : coding);
    }

    /**
     * @param retryAfter seconds, or a date
     * @param now what the server takes the time for; its clock need not be that of the node
     * @return milliseconds; {@code null} if it says nothing that can be understood
     */
    static @Nullable Long milliseconds(String retryAfter, @Nullable String now) {
        try {
            double seconds = Double.parseDouble(retryAfter.strip());
            return seconds >= 0 && seconds < Integer.MAX_VALUE ? (Long) (long) (seconds * MILLIS) : null;
        } catch (NumberFormatException e) {
            Instant until = date(retryAfter);
            Instant from = now == null ? null : date(now);
            return until == null
                    ? null
                    : (Long) Math.max(
                            0,
                            Duration.between(from == null ? Instant.now() : from, until)
                                    .toMillis());
        }
    }

    private static @Nullable Instant date(String text) {
        try {
            return ZonedDateTime.parse(text.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
        } catch (DateTimeException e) {
            return null;
        }
    }
}
