package io.llamanode.transport.dist;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

class ReasonsTest {

    @Test
    void everyExceptionTellsSomething() {
        assertEquals("closed by the peer within a frame", Reasons.of(new EOFException()));
        assertEquals("ClosedChannelException", Reasons.of(new ClosedChannelException()));
        assertEquals("IOException", Reasons.of(new IOException(" ")));
        assertEquals("Connection reset", Reasons.of(new IOException("Connection reset")));
    }

    @Test
    void causesTellWhatTheExceptionDoesNot() {
        SSLHandshakeException failed = new SSLHandshakeException("General SSLEngine problem");
        failed.initCause(new IOException("the authority is unknown", new IOException("no path")));
        assertEquals("General SSLEngine problem: the authority is unknown: no path", Reasons.of(failed));
        SSLHandshakeException repeated = new SSLHandshakeException("(certificate_unknown) no path");
        repeated.initCause(new IOException("no path"));
        assertEquals("(certificate_unknown) no path", Reasons.of(repeated));
    }

    @Test
    void onlyAnOrderlyEndIsNoWarning() {
        assertTrue(Reasons.isOrderly("closed by the peer"));
        assertTrue(Reasons.isOrderly(Reasons.ENDING));
        assertFalse(Reasons.isOrderly("closed by the peer within a frame"));
        assertFalse(Reasons.isOrderly("no bytes for 60 s"));
    }
}
