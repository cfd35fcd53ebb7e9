package io.llamanode.grammar.json;

import io.llamanode.grammar.regex.Regular;

/**
 * URI (RFC 3986), IRI (RFC 3987) and URI templates (RFC 6570).
 *
 * <p>Keeps no state: for any thread.
 */
final class UriFormats {
    private static final String ESCAPED = "%[0-9A-Fa-f]{2}";
    private static final String UNRESERVED = "0-9A-Za-z._~-";
    private static final String SUB = "!$&'()*+,;=";
    private static final String UCS = "\\u{a0}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{ffef}" + planes();
    private static final String PRIVATE = "\\u{e000}-\\u{f8ff}\\u{f0000}-\\u{ffffd}\\u{100000}-\\u{10fffd}";

    private UriFormats() {}

    private static String planes() {
        StringBuilder all = new StringBuilder();
        for (int plane = 1; plane <= 0xe; plane++) {
            String first = plane == 0xe ? "1000" : "0000";
            all.append("\\u{%x%s}-\\u{%xfffd}".formatted(plane, first, plane));
        }
        return all.toString();
    }

    static Regular uri(boolean international) {
        return Patterns.whole(scheme(international));
    }

    static Regular reference(boolean international) {
        return uri(international).or(Patterns.whole(relative(international)));
    }

    private static String scheme(boolean international) {
        return "[A-Za-z][0-9A-Za-z+.-]*:(?:" + authority(international) + "|" + path(international, false) + ")"
                + end(international);
    }

    private static String relative(boolean international) {
        return "(?:" + authority(international) + "|" + path(international, true) + ")" + end(international);
    }

    private static String end(boolean international) {
        String more = international ? UCS : "";
        String query = international ? UCS + PRIVATE : "";
        return "(?:\\?" + any(":@/?" + SUB + query) + "*)?(?:#" + any(":@/?" + SUB + more) + "*)?";
    }

    /** A character that is unreserved, one of others, or an escape. */
    private static String any(String others) {
        // The hyphen stays last.
        return "(?:[" + others + UNRESERVED + "]|" + ESCAPED + ")";
    }

    private static String authority(boolean international) {
        String more = international ? UCS : "";
        String user = "(?:" + any(":" + SUB + more) + "*@)?";
        String literal = "\\[(?:" + NetFormats.IPV6 + "|[Vv][0-9A-Fa-f]+\\.[:" + SUB + UNRESERVED + "]+)\\]";
        String host = "(?:" + literal + "|" + any(SUB + more) + "*)";
        return "//" + user + host + "(?::[0-9]*)?(?:/" + any(":@" + SUB + more) + "*)*";
    }

    /** A path without an authority before it; as a relative one, its first part has no colon. */
    private static String path(boolean international, boolean relative) {
        String more = international ? UCS : "";
        String part = any(":@" + SUB + more);
        String first = relative ? any("@" + SUB + more) : part;
        String rest = "(?:/" + part + "*)*";
        return "(?:/(?:" + part + "+" + rest + ")?|" + first + "+" + rest + "|)";
    }

    static Regular template() {
        String letter = "(?:[0-9A-Za-z_]|" + ESCAPED + ")";
        String name = letter + "(?:\\.?" + letter + ")*";
        String variable = name + "(?:\\*|:[1-9][0-9]{0,3})?";
        String literal = "[!#$&-;=?-\\[\\]_a-z~" + UCS + PRIVATE + "]|" + ESCAPED;
        return Patterns.whole("(?:" + literal + "|\\{[+#./;?&=,!@|]?" + variable + "(?:," + variable + ")*\\})*");
    }
}
