package io.llamanode.transport.bridge;

import java.io.IOException;

/** Those who are to have access to a bridge cannot be given it. The message names the setting. */
public final class AccessException extends IOException {
    private static final long serialVersionUID = 1L;

    AccessException(String message) {
        super(message);
    }
}
