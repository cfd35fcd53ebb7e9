package io.llamanode.grammar.json;

import io.llamanode.grammar.regex.Regular;
import java.util.ArrayList;
import java.util.List;

/**
 * Names and addresses of hosts (RFC 1123, 2673, 4291) and of mail (RFC 5321, 6531).
 *
 * <p>Keeps no state: for any thread.
 */
final class NetFormats {
    static final String IPV4 =
            "(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    static final String IPV6 = ipv6Pattern();

    private static final String ALNUM = "[0-9A-Za-z]";
    private static final String LDH = "[0-9A-Za-z-]";
    private static final String ATOM = "[0-9A-Za-z!#$%&'*+/=?^_`{|}~";
    private static final String NO_ASCII = "\\u{80}-\\u{10ffff}";
    private static final int GROUPS = 8;
    /** Characters before the at sign (RFC 5321, section 4.5.3.1.1). */
    private static final int MOST_LOCAL = 64;

    private NetFormats() {}

    /** Labels of up to 63 characters, and 253 in all: as many labels as their longest leaves room for. */
    static Regular hostname() {
        return Patterns.whole(hostnamePattern());
    }

    private static String hostnamePattern() {
        return names(63, 3) + "|" + names(62, 4) + "|" + names(30, 8) + "|" + names(14, 16);
    }

    private static String names(int longest, int most) {
        String label = label(longest);
        return label + "(?:\\." + label + "){0," + (most - 1) + "}";
    }

    /** Never with two hyphens at its third and fourth place: such labels are reserved, and for most of these is no meaning. */
    private static String label(int longest) {
        return "(?:" + ALNUM + "(?:" + LDH + "?" + ALNUM + ")?"
                + "|" + ALNUM + LDH + ALNUM + LDH + "{0," + (longest - 4) + "}" + ALNUM
                + "|" + ALNUM + LDH + "-" + ALNUM + "(?:" + LDH + "{0," + (longest - 5) + "}" + ALNUM + ")?)";
    }

    static Regular email(boolean international) {
        String more = international ? NO_ASCII : "";
        String atom = ATOM + more + "-]+";
        String quoted = "\"(?:[ !#-\\[\\]-~" + more + "]|\\\\[ -~])*\"";
        String label = international
                ? "[0-9A-Za-z" + more + "](?:[0-9A-Za-z-" + more + "]{0,61}[0-9A-Za-z" + more + "])?"
                : label(63);
        String domain = label + "(?:\\." + label + ")*";
        Regular local = Patterns.whole(atom + "(?:\\." + atom + ")*|" + quoted);
        return Regular.sequence(
                local.and(Regular.length(1, MOST_LOCAL)),
                Regular.literal("@"),
                Patterns.whole(domain + "|\\[" + IPV4 + "\\]|\\[IPv6:" + IPV6 + "\\]"));
    }

    static Regular ipv4() {
        return Patterns.whole(IPV4);
    }

    static Regular ipv6() {
        return Patterns.whole(IPV6);
    }

    /** As RFC 3986 writes it out: what stands before the two colons, and what behind them. */
    private static String ipv6Pattern() {
        String group = "[0-9A-Fa-f]{1,4}";
        String last = "(?:" + group + ":" + group + "|" + IPV4 + ")";
        List<String> all = new ArrayList<>();
        all.add("(?:" + group + ":){6}" + last);
        for (int before = 0; before < GROUPS; before++) {
            String front = before == 0 ? "" : "(?:" + group + ":){0," + (before - 1) + "}" + group;
            String front0 = before == 0 ? "::" : "(?:" + front + ")?::";
            int behind = GROUPS - 1 - before;
            if (behind >= 2) {
                all.add(front0 + "(?:" + group + ":){" + (behind - 2) + "}" + last);
            } else {
                all.add(front0 + (behind == 1 ? group : ""));
            }
        }
        return "(?:" + String.join("|", all) + ")";
    }
}
