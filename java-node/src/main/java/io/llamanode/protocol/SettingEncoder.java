package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.service.contract.Setting;
import io.llamanode.term.PlainTerms;
import io.llamanode.term.Terms;
import java.util.List;
import java.util.Map;

/** What is in force, flat, and where it comes from, as docs/protocol.md, section 5, writes it. */
final class SettingEncoder {
    private SettingEncoder() {}

    /** Adds the settings to a map, and {@code from} beside them. */
    static Terms.MapBuilder put(Terms.MapBuilder map, Map<String, Setting> settings) {
        Terms.MapBuilder from = Terms.map();
        settings.forEach((key, setting) -> {
            map.put(key, value(setting.value()));
            from.put(key, Terms.atom(setting.from()));
        });
        return map.put("from", from.build());
    }

    /** {@return settings that are a map of their own} */
    static OtpErlangMap map(Map<String, Setting> settings) {
        return put(Terms.map(), settings).build();
    }

    private static OtpErlangObject value(Object value) {
        return switch (value) {
            case Setting.Word(String name) -> Terms.atom(name);
            case List<?> list -> Terms.list(list, SettingEncoder::value);
            default -> PlainTerms.of(value);
        };
    }
}
