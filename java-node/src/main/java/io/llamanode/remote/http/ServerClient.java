package io.llamanode.remote.http;

import io.llamanode.remote.answer.AnswerFault;
import io.llamanode.service.contract.model.Secret;
import io.llamanode.service.contract.model.ServerConfig;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** The one HTTP client of a server, whose connections are kept alive. For any thread. */
public final class ServerClient implements AutoCloseable {
    /** Of an answer that is collected whole. */
    private static final int LARGEST_BODY = 64 << 20;

    private static final int HTTP_PORT = 80;
    /** Characters of what is shown. */
    private static final int LONGEST_MESSAGE = 2_000;

    /** Seconds that an unused connection is kept: llama-server and vLLM close theirs after five. */
    private static final String KEEP_ALIVE = "jdk.httpclient.keepalive.timeout";

    static {
        // Java's client reads it when it is first used, and has no other place for it.
        if (System.getProperty(KEEP_ALIVE) == null) {
            System.setProperty(KEEP_ALIVE, "4");
        }
    }

    private volatile ServerConfig config;
    private volatile String base;
    private final @Nullable SSLContext tls;
    private HttpClient client;
    private boolean closed;
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("remote-timer").factory());

    /**
     * Connects to nothing yet.
     *
     * @param config of the server
     * @throws io.llamanode.service.contract.FailureException {@code invalid_argument} if files of certificates are unfit
     */
    public ServerClient(ServerConfig config) {
        this.config = config;
        this.base = base(config.url());
        timer.setRemoveOnCancelPolicy(true);
        this.tls = config.tls().equals(ServerConfig.Tls.SYSTEM) ? null : TlsContexts.of(config.tls());
        this.client = client();
    }

    /** What TLS has to compute is too much for a thread that others wait for. */
    private static Executor threads(URI url) {
        return "http".equals(url.getScheme()) ? new ClientThreads() : Executors.newVirtualThreadPerTaskExecutor();
    }

    private HttpClient client() {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofMillis(config.timeouts().connectMs()))
                .executor(threads(config.url()))
                .proxy(proxy(config.proxy()));
        return (tls == null ? builder : builder.sslContext(tls)).build();
    }

    /**
     * A connection on which something else than HTTP came is kept open by the client, which tells no way to close it; so the
     * client goes, when what else it does is over.
     */
    private synchronized void renew() {
        if (!closed) {
            client.shutdown();
            client = client();
        }
    }

    private synchronized HttpClient current() {
        return client;
    }

    private static String base(URI at) {
        String url = at.toString();
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }

    /**
     * The server is elsewhere from now on.
     *
     * @param there its URL
     * @param key sent as a bearer token
     */
    public void moveTo(URI there, Secret key) {
        config = config.at(there, key);
        base = base(there);
    }

    private static ProxySelector proxy(@Nullable URI proxy) {
        if (proxy == null) {
            return HttpClient.Builder.NO_PROXY;
        }
        int port = proxy.getPort() < 0 ? HTTP_PORT : proxy.getPort();
        return ProxySelector.of(InetSocketAddress.createUnresolved(proxy.getHost(), port));
    }

    /** {@return the server's URL, as it is shown} */
    public String url() {
        return base;
    }

    /** {@return runs what is to happen later; it must be quick} */
    public ScheduledThreadPoolExecutor timer() {
        return timer;
    }

    /**
     * Strikes everything secret out of a text.
     *
     * @param said by the server, or made of what it said
     * @return what may be shown, which is not long
     */
    public String clean(String said) {
        ServerConfig now = config;
        String clean = now.apiKey() == null ? said : now.apiKey().strikeFrom(said);
        for (var header : now.headers().values()) {
            clean = header.strikeFrom(clean);
        }
        return clean.length() <= LONGEST_MESSAGE ? clean : clean.substring(0, LONGEST_MESSAGE) + "...";
    }

    /**
     * Sends a request.
     *
     * @param path of the endpoint
     * @param body JSON; {@code null}: the request is a GET
     * @param limitMs until the whole answer must be there
     * @param handler told the answer
     * @return the exchange, which has begun
     */
    public Exchange send(String path, byte @Nullable [] body, long limitMs, AnswerHandler handler) {
        String late = "it took longer than %d ms (request_timeout_ms)"
                .formatted(config.timeouts().requestMs());
        return send(path, body, limitMs, late, handler);
    }

    private Exchange send(String path, byte @Nullable [] body, long limitMs, String late, AnswerHandler handler) {
        ServerConfig now = config;
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base(now.url()) + path))
                .header("Accept", "text/event-stream, application/json")
                .header("Accept-Encoding", "identity")
                .header("User-Agent", "llama_node");
        if (body == null) {
            request.GET();
        } else {
            request.header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofByteArray(body));
        }
        now.headers().forEach((name, value) -> request.setHeader(name, value.reveal()));
        if (now.apiKey() != null) {
            request.setHeader("Authorization", "Bearer " + now.apiKey().reveal());
        }
        Exchange exchange = new Exchange(
                handler,
                timer,
                this::clean,
                this::renew,
                now.proxy(),
                now.timeouts().idleMs());
        exchange.start(current(), request.build(), limitMs, late);
        return exchange;
    }

    /**
     * A whole answer.
     *
     * @param head of it
     * @param body text; what is not UTF-8 is replaced by U+FFFD
     */
    public record Whole(Head head, String body) {}

    /**
     * Sends a request and waits for its answer. Slow.
     *
     * @param path of the endpoint
     * @param body JSON; {@code null}: the request is a GET
     * @param limitMs until the whole answer must be there
     * @return the answer, whatever its status is
     * @throws TroubleException if there is none; also if the thread is interrupted, when the connection is closed
     */
    public Whole ask(String path, byte @Nullable [] body, long limitMs) throws TroubleException {
        CompletableFuture<Whole> whole = new CompletableFuture<>();
        Exchange exchange =
                send(path, body, limitMs, "no answer came for %d ms".formatted(limitMs), new Collector(whole));
        try {
            return whole.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TroubleException trouble) {
                throw trouble;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            exchange.close();
            Thread.currentThread().interrupt();
            throw new TroubleException(new Trouble(Trouble.Kind.CLOSED, "nobody waits for the answer any more"));
        }
    }

    private static final class Collector implements AnswerHandler {
        private final CompletableFuture<Whole> whole;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private @Nullable Head head;

        Collector(CompletableFuture<Whole> whole) {
            this.whole = whole;
        }

        @Override
        public void begins(Head begun) {
            head = begun;
        }

        @Override
        public void bytes(ByteBuffer bytes) {
            if (body.size() + bytes.remaining() > LARGEST_BODY) {
                throw new AnswerFault("its answer has over %d bytes".formatted(LARGEST_BODY));
            }
            byte[] part = new byte[bytes.remaining()];
            bytes.get(part);
            body.writeBytes(part);
        }

        @Override
        public void ends() {
            if (head != null) {
                whole.complete(new Whole(head, body.toString(StandardCharsets.UTF_8)));
            }
        }

        @Override
        public void failed(Trouble trouble) {
            whole.completeExceptionally(new TroubleException(trouble));
        }
    }

    /** Closes every connection. */
    @Override
    public void close() {
        HttpClient last;
        synchronized (this) {
            closed = true;
            last = client;
        }
        timer.shutdownNow();
        last.shutdownNow();
    }
}
