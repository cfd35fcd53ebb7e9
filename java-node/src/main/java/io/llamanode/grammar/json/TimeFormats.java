package io.llamanode.grammar.json;

import io.llamanode.grammar.regex.Regular;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Dates and times by RFC 3339, days of months and leap years included; durations by its appendix A.
 *
 * <p>Keeps no state: for any thread.
 */
final class TimeFormats {
    private static final String DAYS = "\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
            + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))";
    /** A year that 4 divides, but 100 does not unless 400 does. */
    private static final String LEAP_YEAR =
            "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";

    private static final String HOUR = "(?:[01]\\d|2[0-3])";
    private static final String MINUTE = "[0-5]\\d";
    private static final String FRACTION = "(?:\\.\\d+)?";
    private static final String DURATION_TIME = "T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S)";

    private static final int MINUTES_OF_HOUR = 60;
    private static final int MINUTES_OF_DAY = 24 * MINUTES_OF_HOUR;
    private static final int STEP = 30;

    private TimeFormats() {}

    static Regular date() {
        return Patterns.whole(DAYS + "|" + LEAP_YEAR + "-02-29");
    }

    static Regular time() {
        String usual = HOUR + ":" + MINUTE + ":" + MINUTE + FRACTION + "(?:[Zz]|[+-]" + HOUR + ":" + MINUTE + ")";
        return Patterns.whole(usual).or(leapSeconds());
    }

    /** A leap second is the last one of a day of UTC. */
    private static Regular leapSeconds() {
        List<Regular> all = new ArrayList<>();
        all.add(Patterns.whole("23:59:60" + FRACTION + "[Zz]"));
        int last = MINUTES_OF_DAY - 1;
        for (int offset = 0; offset < MINUTES_OF_DAY; offset += STEP) {
            all.add(leapSecond((last + offset) % MINUTES_OF_DAY, "\\+", offset));
            all.add(leapSecond((last - offset) % MINUTES_OF_DAY, "-", offset));
        }
        return Regular.choice(all);
    }

    private static Regular leapSecond(int local, String sign, int offset) {
        return Patterns.whole(clock(local) + ":60" + FRACTION + sign + clock(offset));
    }

    private static String clock(int minutes) {
        return String.format(Locale.ROOT, "%02d:%02d", minutes / MINUTES_OF_HOUR, minutes % MINUTES_OF_HOUR);
    }

    static Regular dateTime() {
        return Regular.sequence(date(), Patterns.whole("[Tt]"), time());
    }

    static Regular duration() {
        return Patterns.whole("P(?:\\d+W|(?:\\d+D|\\d+M(?:\\d+D)?|\\d+Y(?:\\d+M(?:\\d+D)?)?)(?:" + DURATION_TIME + ")?|"
                + DURATION_TIME + ")");
    }
}
