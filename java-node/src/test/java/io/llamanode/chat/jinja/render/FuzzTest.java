package io.llamanode.chat.jinja.render;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.llamanode.chat.jinja.Limits;
import io.llamanode.chat.jinja.TemplateException;
import io.llamanode.chat.jinja.Trusted;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random templates render or throw {@link TemplateException}, nothing else. The seed is fixed. */
class FuzzTest {
    private static final Limits LIMITS =
            new Limits(100_000, 100, 400, 20_000, 100_000, 400_000, 10_000, Duration.ofDays(1));
    private static final List<String> TEMPLATES = List.of(
            "{{ bos_token }}{% for message in messages %}{% if loop.first and message['role'] == 'system' %}"
                    + "{{ message.content | trim }}{% else %}{{ '<|im_start|>' + message['role'] + '\\n' "
                    + "+ message['content'] + '<|im_end|>' }}{% endif %}{% endfor %}",
            "{% macro m(a, b=none) %}{%- if a is mapping -%}{{ a | tojson(indent=2) | indent(4) }}{%- elif a is "
                    + "string -%}{{ a.split('\\n')[-1].strip() }}{% else %}{{ '%s' % a }}{% endif %}{% endmacro %}"
                    + "{% set ns = namespace(n=0, l=[]) %}{% for m2 in messages[::-1] %}{% set ns.n ="
                    + " ns.n + loop.index0"
                    + " // 2 %}{% set ns.l = ns.l + [m2.role] %}{{ m(m2, b=1) }}{{ m(m2.content) }}{% endfor %}"
                    + "{{ ns.l | join(', ') }}{{ ns.n ~ (ns.l | length) }}",
            "{# c #}{%- set x = messages | selectattr('role', 'equalto', 'user') |"
                    + " map(attribute='content') | list -%}\n"
                    + "{% filter upper %}{{ x[0] if x else 'none' }}{% endfilter %}{% macro m() %}{{"
                    + " caller() }}{% endmacro %}{{ messages[0].items() | list }}"
                    + "{% call m() %}{% endcall %}{{ range(3) | sum }}{{ {'a': (1, 2.5)}.a[1] ** 2 }}");
    private static final List<String> BITS = List.of(
            "{{",
            "}}",
            "{%",
            "%}",
            "-",
            "(",
            ")",
            "[",
            "]",
            "|",
            ".",
            "'",
            "\"",
            "*1000000000",
            "**",
            "~",
            "%s",
            "range(10**9)",
            "loop",
            "|tojson",
            " is ",
            " not ",
            " in ",
            " if ",
            "{% for x in ",
            "{% endfor %}",
            "{% set x = x ~ x %}",
            "[::-1]",
            "[1::9223372036854775807]",
            "|map('",
            "|sort",
            "|join",
            "9999999999",
            "0",
            "-1",
            "none",
            "true",
            "{#",
            "#}",
            "\\x",
            "\ud800",
            "é",
            "|int",
            "|format(",
            "%",
            "//0",
            ",",
            "=",
            ":",
            " recursive",
            "|indent(99999)",
            ".replace('','x')",
            "*",
            ".format(",
            "|round(99)",
            "|dictsort",
            "|unique",
            "|groupby('role')",
            "|first",
            ".title()",
            ".rsplit(none, 1)");
    private static final Map<String, Object> VARIABLES = Map.of(
            "bos_token",
            new Trusted("<s>"),
            "messages",
            List.of(Map.of("role", "system", "content", " be\nkind "), Map.of("role", "user", "content", "hi 😀")));

    @Test
    void throwsNothingElse() {
        Random random = new Random(20260301);
        int rendered = 0;
        int refused = 0;
        for (int i = 0; i < 30_000; i++) {
            String template = mutate(TEMPLATES.get(random.nextInt(TEMPLATES.size())), random);
            try {
                Template.parse(template, LIMITS).render(VARIABLES, Rendering.CLOCK);
                rendered++;
            } catch (TemplateException e) {
                refused++;
            } catch (RuntimeException | Error e) {
                fail(template, e);
            }
        }
        // Both have to happen for the mutations to be worth something.
        assertTrue(rendered > 1_000 && refused > 1_000, rendered + " rendered, " + refused + " refused");
    }

    private static String mutate(String template, Random random) {
        StringBuilder text = new StringBuilder(template);
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(text.length());
            int end = Math.min(text.length(), at + 1 + random.nextInt(25));
            switch (random.nextInt(3)) {
                case 0 -> text.insert(at, BITS.get(random.nextInt(BITS.size())));
                case 1 -> text.replace(at, end, BITS.get(random.nextInt(BITS.size())));
                default -> text.insert(random.nextInt(text.length()), text.substring(at, end));
            }
        }
        return text.toString();
    }
}
