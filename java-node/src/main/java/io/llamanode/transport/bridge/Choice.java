package io.llamanode.transport.bridge;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** What a connection's commands go to where they do not say. For one thread at a time. */
final class Choice {
    private volatile @Nullable String model;
    private volatile long session;

    /** {@return the model that was loaded last, {@code null} for the node's default} */
    @Nullable
    String model() {
        return model;
    }

    /** {@return the session in use, 0 for none} */
    long session() {
        return session;
    }

    /** Texts go to this model from now on, and to no session, which has a model of its own. */
    void use(String loaded) {
        model = loaded;
        session = 0;
    }

    void useSession(long id) {
        session = id;
    }

    /** A session is closed. */
    void closed(long id) {
        if (session == id) {
            session = 0;
        }
    }

    /** Models are gone. */
    void freed(Collection<String> models) {
        if (model != null && models.contains(model)) {
            model = null;
        }
    }
}
