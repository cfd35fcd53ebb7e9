package io.llamanode.grammar.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.grammar.Matching;
import io.llamanode.grammar.regex.Regular;
import io.llamanode.grammar.rule.Expression;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.LocalDate;
import java.time.Year;
import java.time.YearMonth;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A format has the texts that its document allows. */
class FormatsTest {
    private static void check(String name, List<String> good, List<String> bad) {
        Regular format = Formats.of(name);
        assertNotNull(format, name);
        Matching matching = new Matching(format.expression(Expression.Chars::new));
        good.forEach(text -> assertTrue(matching.accepts(text), name + ": " + text));
        bad.forEach(text -> assertTrue(!matching.accepts(text), name + ": " + text));
    }

    @Test
    void datesAreThoseOfTheCalendar() {
        Regular format = Formats.of("date");
        assertNotNull(format);
        Matching matching = new Matching(format.expression(Expression.Chars::new));
        for (int year : new int[] {0, 4, 96, 100, 400, 1900, 1999, 2000, 2023, 2024, 2100, 9999}) {
            for (int month = 0; month <= 13; month++) {
                for (int day = 0; day <= 32; day++) {
                    String text = String.format(Locale.ROOT, "%04d-%02d-%02d", year, month, day);
                    boolean month12 = month >= 1 && month <= 12;
                    boolean expected = month12
                            && day >= 1
                            && day <= YearMonth.of(year, month).lengthOfMonth();
                    assertEquals(expected, matching.accepts(text), text);
                }
            }
        }
        for (int year = 0; year < 10_000; year += 7) {
            assertEquals(
                    Year.isLeap(year),
                    matching.accepts(String.format(Locale.ROOT, "%04d-02-29", year)),
                    "year " + year);
        }
        assertTrue(matching.accepts(LocalDate.of(2024, 12, 31).toString()));
        check("date", List.of(), List.of("", "2024-1-01", "20240101", "2024-01-01T", "+2024-01-01", "2024-01-0१"));
    }

    @Test
    void timesHaveAnOffsetAndLeapSecondsAtTheEndOfADay() {
        check(
                "time",
                List.of(
                        "08:30:06Z",
                        "08:30:06.283185z",
                        "23:59:59+23:59",
                        "23:59:60Z",
                        "01:29:60+01:30",
                        "15:59:60.5-08:00",
                        "00:29:60-23:30"),
                List.of(
                        "08:30:06",
                        "08:30Z",
                        "24:00:00Z",
                        "08:60:00Z",
                        "08:30:61Z",
                        "22:59:60Z",
                        "23:59:60+01:00",
                        "08:30:06.Z",
                        "08:30:06+24:00",
                        "08:30:06+0100"));
        check(
                "date-time",
                List.of(
                        "1963-06-19T08:30:06.28Z",
                        "1963-06-19t08:30:06z",
                        "1998-12-31T15:59:60.123-08:00",
                        "2020-02-29T00:00:00+00:00"),
                List.of(
                        "1963-06-19 08:30:06Z",
                        "2021-02-29T00:00:00Z",
                        "1998-12-31T23:58:60Z",
                        "2020-01-01T00:00:00",
                        "2020-01-01"));
        check(
                "duration",
                List.of("P4DT12H30M5S", "P1W", "PT0S", "P1Y2M3D", "P1M", "PT36H", "P1DT12H"),
                List.of("P", "PT", "P1", "4D", "P1W1D", "P1D2H", "P1YT", "P2S", "PT1D", "P1Y2D", "P1.5D"));
    }

    @Test
    void namesAndAddressesOfHosts() {
        check(
                "hostname",
                List.of("a", "localhost", "www.example.com", "a-b.c", "1host", "a".repeat(63), "a--b", "ab-c"),
                List.of("", "-a", "a-", "a..b", ".a", "a.", "a_b", "é", "a".repeat(64), "xn--X", "ab--c", "a b"));
        Regular hosts = Formats.of("hostname");
        assertNotNull(hosts);
        Regular longest = Regular.length(0, 253);
        Random random = new Random(2);
        for (int i = 0; i < 200; i++) {
            StringBuilder name = new StringBuilder("a");
            while (name.length() < 230 + random.nextInt(60)) {
                name.append(".").append("a".repeat(1 + random.nextInt(63)));
            }
            assertTrue(!hosts.contains(name.toString()) || longest.contains(name.toString()), name.toString());
        }
        check(
                "ipv4",
                List.of("0.0.0.0", "255.255.255.255", "1.20.250.99"),
                List.of("256.0.0.1", "01.2.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.4 "));
        check(
                "ipv6",
                List.of(
                        "::",
                        "::1",
                        "1::",
                        "1:2:3:4:5:6:7:8",
                        "1:2:3:4:5:6:7::",
                        "::2:3:4:5:6:7:8",
                        "1::3:4:5:6:7:8",
                        "::ffff:1.2.3.4",
                        "1:2:3:4:5:6:1.2.3.4",
                        "FE80::a"),
                List.of(
                        "",
                        ":",
                        ":::",
                        "1:2:3:4:5:6:7",
                        "1:2:3:4:5:6:7:8:9",
                        "1::2::3",
                        "12345::",
                        "1:2:3:4:5:6:7:8::",
                        "::1.2.3",
                        "1.2.3.4::",
                        "fe80::1%eth0",
                        "g::"));
        check(
                "email",
                List.of(
                        "joe.bloggs@example.com",
                        "te~st@e.c",
                        "\"joe bloggs\"@example.com",
                        "a@[127.0.0.1]",
                        "a@[IPv6:::1]",
                        "a+b@x"),
                List.of(
                        "",
                        "2962",
                        "a@",
                        "@a",
                        ".a@b.c",
                        "a.@b.c",
                        "a..b@c",
                        "a b@c",
                        "a@b_c",
                        "a@[127.0.0.300]",
                        "é@b.c",
                        "a@b@c"));
        check("email", List.of("a".repeat(64) + "@b"), List.of("a".repeat(65) + "@b"));
        check("idn-email", List.of("실례@실례.테스트", "a@b.c"), List.of("2962", "@b"));
    }

    @Test
    void identifiersOfResources() {
        check(
                "uri",
                List.of(
                        "http://foo.bar/?baz=qux#quux",
                        "urn:x:y",
                        "mailto:a@b.c",
                        "http://[::1]:80/",
                        "http://a:b@c/%20",
                        "file:///a",
                        "a:",
                        "http://x/a;b,c"),
                List.of(
                        "",
                        "//foo.bar",
                        "/abc",
                        "\\\\WINDOWS",
                        "abc",
                        "http:// x",
                        "http://x/%zz",
                        "http://x/<>",
                        "http://[1::2::3]",
                        ":a",
                        "1a:b",
                        "http://x:8a/",
                        "http://é/"));
        check(
                "uri-reference",
                List.of("", "/abc", "abc", "#f", "../a?b", "//h/p", "http://x", "./a:b"),
                List.of("\\a", "#f\\g", "a b", "1:b", "a^"));
        check(
                "iri",
                List.of("http://ƒøø.ßår/?∂éœ=πîx#πîüx", "http://x"),
                List.of("/abc", "âππ", "http://2001:0db8:85a3::8a2e"));
        check("iri-reference", List.of("/âππ", "âππ", "#ƒrägmênt"), List.of("\\\\WINDOWS", "#ƒräg\\mênt"));
        check(
                "uri-template",
                List.of("http://example.com/{term:1}/{term}", "dictionary/{?a,b*}", "", "{+x}{#y.z}"),
                List.of("{", "a}", "{}", "{term:0}", "{term:12345}", "{a,}", "a b", "{-x}"));
        check(
                "uuid",
                List.of("2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"),
                List.of(
                        "2eb8aa08aa9811eab4aa73b441d16380",
                        "2eb8aa08-aa98-11ea-b4aa-73b441d1638g",
                        "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380"));
        check("json-pointer", List.of("", "/", "/foo/0", "/a~1b", "/m~0n", "/é"), List.of("a", "/~", "/~2", "#", "#/"));
        check(
                "relative-json-pointer",
                List.of("0", "1/0", "2/highly/nested", "0#", "10"),
                List.of("", "/a", "-1/a", "01", "0##", "+1"));
    }

    @Test
    void whatJavaCallsNoUriIsNone() {
        Regular uri = Formats.of("uri-reference");
        assertNotNull(uri);
        Random random = new Random(9);
        String[] pieces = {
            "a", ":", "/", "?", "#", "[", "]", "%", "%41", "@", " ", "1", ".", "//", "::1", "é", "\\", "http:"
        };
        for (int i = 0; i < 5000; i++) {
            StringBuilder all = new StringBuilder();
            for (int k = random.nextInt(7); k > 0; k--) {
                all.append(pieces[random.nextInt(pieces.length)]);
            }
            String text = all.toString();
            if (uri.contains(text) && !isOldSyntax(text)) {
                assertTrue(isUri(text), text);
            }
        }
    }

    /** RFC 2396, which Java keeps to, wants something behind a scheme, and a host between slashes. */
    private static boolean isOldSyntax(String text) {
        return text.matches("[A-Za-z][^:/?#]*:([?#].*)?")
                || text.matches("([^:/?#]*:)?//[^\\[]*")
                || text.contains("::1");
    }

    private static boolean isUri(String text) {
        try {
            return new URI(text).toString().equals(text);
        } catch (URISyntaxException e) {
            return false;
        }
    }

    @Test
    void whatIsNotSupportedIsSaid() {
        for (String name : List.of("regex", "idn-hostname")) {
            assertNull(Formats.of(name));
            assertTrue(Formats.isStandard(name), name);
        }
        assertNull(Formats.of("color"));
        assertTrue(!Formats.isStandard("color"));
        assertTrue(Formats.isStandard("uri"));
    }
}
