package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangPid;
import io.llamanode.service.contract.Owner;

/**
 * An Erlang process that owns sessions and tasks. Two are equal when node, id, serial and creation
 * are, so a process of an earlier incarnation of a node is never taken for one of the next.
 *
 * @param pid the process
 */
public record ProcessOwner(OtpErlangPid pid) implements Owner {
    @Override
    public Object peer() {
        return pid.node();
    }

    @Override
    public boolean equals(Object other) {
        // JInterface's equals is not relied upon: it ignores the creation in some versions.
        return other instanceof ProcessOwner(OtpErlangPid that)
                && pid.id() == that.id()
                && pid.serial() == that.serial()
                && pid.creation() == that.creation()
                && pid.node().equals(that.node());
    }

    @Override
    public int hashCode() {
        return 31 * (31 * (31 * pid.id() + pid.serial()) + pid.creation())
                + pid.node().hashCode();
    }

    @Override
    public String toString() {
        return "<" + pid.node() + "." + pid.id() + "." + pid.serial() + ">";
    }
}
