package io.llamanode.delivery;

import com.ericsson.otp.erlang.OtpErlangRef;
import java.util.Arrays;
import java.util.List;

/**
 * The alias that a caller waits at, which names its call. JInterface's own equality is not relied upon: it ignores the
 * creation in some versions.
 */
record CallAlias(String node, int creation, List<Integer> ids) {
    static CallAlias of(OtpErlangRef ref) {
        return new CallAlias(
                ref.node(), ref.creation(), Arrays.stream(ref.ids()).boxed().toList());
    }
}
