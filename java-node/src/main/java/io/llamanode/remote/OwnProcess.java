package io.llamanode.remote;

import io.llamanode.remote.http.TroubleException;
import io.llamanode.remote.own.OwnedServer;
import io.llamanode.remote.own.StartException;
import io.llamanode.remote.probe.ServerFacts;
import io.llamanode.remote.probe.ServerProbe;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.model.Secret;
import io.llamanode.service.contract.model.ServerConfig;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The process of a model whose server this process owns: tells {@link RemoteModel} of its life. For any thread. */
final class OwnProcess implements OwnedServer.Client, AutoCloseable {
    private final RemoteModel model;
    private final ServerConfig config;
    private final OwnedServer server;
    private volatile @Nullable ServerFacts found;

    OwnProcess(RemoteModel model, ServerConfig config, List<String> command) {
        this.model = model;
        this.config = config;
        this.server = new OwnedServer(
                command,
                config.apiKey() == null ? null : config.apiKey().reveal(),
                config.timeouts().requestMs(),
                this,
                said -> model.client().clean(said));
    }

    /**
     * Starts it, and waits until it can be asked unless it may come later. Slow.
     *
     * @throws FailureException {@code model_load_failed} if it can not be started or is not ready in time; {@code
     *     unauthorized} if it wants another key
     */
    void start() {
        if (config.lazy()) {
            server.startLater();
            return;
        }
        try {
            server.start();
        } catch (StartException e) {
            throw new FailureException(ErrorCode.MODEL_LOAD_FAILED, String.valueOf(e.getMessage()));
        }
        up();
    }

    /** {@return why it can not be asked, or {@code null} if its process runs and was ready} */
    @Nullable
    String trouble() {
        return server.trouble();
    }

    /** {@return its process, or {@code null} if it does not run} */
    @Nullable
    Long pid() {
        return server.pid();
    }

    @Override
    public void moved(String url, String key) {
        model.client().moveTo(URI.create(url), new Secret(key));
    }

    @Override
    public @Nullable String ask(long limitMs) {
        try {
            found = new ServerProbe(model.client(), config.model(), limitMs).probe();
            return null;
        } catch (ServerProbe.NotReadyException e) {
            return String.valueOf(e.getMessage());
        } catch (TroubleException e) {
            return model.client().clean(e.trouble().message());
        }
    }

    @Override
    public void up() {
        model.isThere(Objects.requireNonNull(found));
    }

    @Override
    public void down(String why) {
        model.isGone(why);
    }

    @Override
    public void close() {
        server.close();
    }
}
