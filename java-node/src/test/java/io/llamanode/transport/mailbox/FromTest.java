package io.llamanode.transport.mailbox;

import static io.llamanode.transport.TestTerms.CALLER;
import static io.llamanode.transport.TestTerms.TAG;
import static io.llamanode.transport.TestTerms.atom;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.ericsson.otp.erlang.OtpErlangException;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangObject;
import org.junit.jupiter.api.Test;

final class FromTest {
    private static From marked(OtpErlangObject tail, OtpErlangObject... elements) throws OtpErlangException {
        return new From(CALLER, new OtpErlangList(elements, tail), 100);
    }

    @Test
    void theAliasIsTheTailOfAListThatSaysSo() throws Exception {
        assertEquals(TAG, marked(TAG, atom("alias")).alias());
    }

    @Test
    void anyOtherMarkHasNone() throws Exception {
        assertNull(new From(CALLER, TAG, 100).alias());
        assertNull(new From(CALLER, new OtpErlangList(atom("alias")), 100).alias());
        assertNull(marked(TAG, atom("other")).alias());
        assertNull(marked(TAG, TAG).alias());
        assertNull(marked(TAG, atom("alias"), atom("alias")).alias());
        assertNull(marked(atom("alias"), atom("alias")).alias());
    }
}
