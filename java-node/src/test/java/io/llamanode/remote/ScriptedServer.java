package io.llamanode.remote;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** A server on a socket of its own whose every byte is scripted, so that it can misbehave in any way. */
public final class ScriptedServer implements AutoCloseable {
    /** A request as it came. */
    public record Request(String method, String path, Map<String, String> headers, String body) {}

    /** What is done with the connection when a request has come. */
    @FunctionalInterface
    public interface Script {
        /** Answers a request; the connection is closed afterwards unless the answer says how long it is. */
        void answer(Request request, Connection connection) throws IOException, InterruptedException;
    }

    /** One connection, as a script sees it. */
    public final class Connection {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private boolean keep;

        private Connection(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new BufferedInputStream(socket.getInputStream());
            this.out = socket.getOutputStream();
        }

        /** Sends bytes as they are. */
        public void raw(String text) throws IOException {
            raw(text.getBytes(StandardCharsets.UTF_8));
        }

        /** Sends bytes as they are. */
        public void raw(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
        }

        /** Answers with a body of known length, and keeps the connection. */
        public void whole(int status, String type, String body) throws IOException {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            raw("HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                    .formatted(status, type, bytes.length));
            raw(bytes);
            keep = true;
        }

        /** Answers 200 with JSON. */
        public void json(String body) throws IOException {
            whole(200, "application/json", body);
        }

        /** Begins an answer of chunks. */
        public void begin(String type) throws IOException {
            raw("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n".formatted(type));
        }

        /** Sends one chunk. */
        public void chunk(String text) throws IOException {
            chunk(text.getBytes(StandardCharsets.UTF_8));
        }

        /** Sends one chunk. */
        public void chunk(byte[] bytes) throws IOException {
            raw(Integer.toHexString(bytes.length) + "\r\n");
            raw(bytes);
            raw("\r\n");
        }

        /** Ends an answer of chunks, and keeps the connection. */
        public void end() throws IOException {
            raw("0\r\n\r\n");
            keep = true;
        }

        /** Answers with server-sent events. */
        public void events(String... data) throws IOException {
            begin("text/event-stream");
            for (String each : data) {
                chunk("data: " + each + "\n\n");
            }
            end();
        }

        /** Reads and forgets what comes. */
        public void skip(long bytes) throws IOException {
            in.skipNBytes(bytes);
        }

        /** Says that it has connected to another port of this host, and passes bytes on in both directions. */
        public void tunnel(int port) throws IOException, InterruptedException {
            try (Socket far = new Socket(InetAddress.getLoopbackAddress(), port)) {
                raw("HTTP/1.1 200 Connected\r\n\r\n");
                Thread back = Thread.ofVirtual().start(() -> {
                    try {
                        far.getInputStream().transferTo(out);
                    } catch (IOException e) {
                        // One of both is gone.
                    }
                });
                byte[] some = new byte[8192];
                for (int length = in.read(some); length > 0; length = in.read(some)) {
                    far.getOutputStream().write(some, 0, length);
                }
                far.shutdownOutput();
                back.join();
            }
        }

        /** Waits until the client closes the connection, and tells the test. */
        public void awaitClose() throws IOException {
            try {
                while (in.read() >= 0) {
                    // Nothing more is expected.
                }
            } catch (IOException e) {
                // Closed with a reset.
            }
            closes.add("closed");
        }
    }

    private final String scheme;
    private final ServerSocket listener;
    private final Thread accepting;
    private final Map<String, Script> early = new ConcurrentHashMap<>();
    private volatile Script otherwise = (request, connection) -> connection.whole(404, "text/plain", "Not found");
    private final Map<String, Script> scripts = new ConcurrentHashMap<>();
    private final List<Socket> open = java.util.Collections.synchronizedList(new ArrayList<>());
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> closes = new LinkedBlockingQueue<>();
    private final AtomicInteger connections = new AtomicInteger();

    /** Listens on a free port of the loopback. */
    public ScriptedServer() {
        this(0);
    }

    /** Listens on a port of the loopback. */
    public ScriptedServer(int port) {
        this("http", listen(ServerSocketFactory.getDefault(), port));
    }

    /** Speaks TLS on a free port of the loopback. */
    public static ScriptedServer ofTls(SSLContext context, boolean needsCertificate) {
        SSLServerSocket socket = (SSLServerSocket) listen(context.getServerSocketFactory(), 0);
        socket.setNeedClientAuth(needsCertificate);
        return new ScriptedServer("https", socket);
    }

    private ScriptedServer(String scheme, ServerSocket listener) {
        this.scheme = scheme;
        this.listener = listener;
        this.accepting = Thread.ofVirtual().start(this::accept);
    }

    private static ServerSocket listen(ServerSocketFactory sockets, int port) {
        try {
            ServerSocket socket = sockets.createServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 50);
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Says what happens at a path before the body of the request is read; the connection is closed afterwards. */
    public ScriptedServer onHead(String path, Script script) {
        early.put(path, script);
        return this;
    }

    /** Says what happens whatever is asked, at a path that has no script. */
    public ScriptedServer onAny(Script script) {
        otherwise = script;
        return this;
    }

    /** Says what happens at a path; what has no script is answered 404. */
    public ScriptedServer on(String path, Script script) {
        scripts.put(path, script);
        return this;
    }

    /** Answers as a llama-server does what it is asked at first. */
    public ScriptedServer likeLlamaServer(int slots, int nCtx) {
        on("/health", (request, connection) -> connection.json("{\"status\":\"ok\"}"));
        on(
                "/v1/models",
                (request, connection) -> connection.json(
                        "{\"object\":\"list\",\"data\":[{\"id\":\"tiny\",\"object\":\"model\",\"owned_by\":\"llamacpp\","
                                + "\"meta\":{\"n_vocab\":300,\"n_ctx_train\":512,\"n_embd\":64,\"n_params\":1000,\"size\":4000}}]}"));
        on(
                "/props",
                (request, connection) -> connection.json(
                        "{\"default_generation_settings\":{\"n_ctx\":%d},\"total_slots\":%d,\"chat_template\":\"x\",\"build_info\":\"b1\"}"
                                .formatted(nCtx, slots)));
        on(
                "/lora-adapters",
                (request, connection) -> connection.json("[{\"id\":0,\"path\":\"/a/style.gguf\",\"scale\":0}]"));
        return this;
    }

    /** Answers as another server does what it is asked at first. */
    public ScriptedServer likeOpenai(String... models) {
        StringBuilder list = new StringBuilder();
        for (String model : models) {
            list.append(list.isEmpty() ? "" : ",").append("{\"id\":\"%s\",\"object\":\"model\"}".formatted(model));
        }
        return on(
                "/v1/models",
                (request, connection) -> connection.json("{\"object\":\"list\",\"data\":[%s]}".formatted(list)));
    }

    /** {@return its URL} */
    public URI url() {
        return URI.create(scheme + "://127.0.0.1:" + listener.getLocalPort());
    }

    /** {@return the next request at a path; others before it are forgotten} */
    public Request next(String path) throws InterruptedException {
        while (true) {
            Request request = requests.poll(20, TimeUnit.SECONDS);
            if (request == null) {
                throw new AssertionError("no request came to " + path);
            }
            if (request.path().equals(path)) {
                return request;
            }
        }
    }

    /** Waits for a connection that its client closes. */
    public void awaitClosed() throws InterruptedException {
        if (closes.poll(20, TimeUnit.SECONDS) == null) {
            throw new AssertionError("the connection was not closed");
        }
    }

    /** {@return how many connections there were} */
    public int connections() {
        return connections.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                connections.incrementAndGet();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // It is closed.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            Connection connection = new Connection(socket);
            do {
                Request head = head(connection.in);
                if (head == null) {
                    return;
                }
                Script atOnce = early.get(head.path());
                if (atOnce != null) {
                    requests.add(head);
                    atOnce.answer(head, connection);
                    return;
                }
                Request request = withBody(head, connection.in);
                requests.add(request);
                connection.keep = false;
                Script script = scripts.getOrDefault(request.path(), otherwise);
                script.answer(request, connection);
            } while (connection.keep);
        } catch (IOException e) {
            // The client is gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Request head(InputStream in) throws IOException {
        String first = line(in);
        if (first == null) {
            return null;
        }
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String next = line(in); next != null && !next.isEmpty(); next = line(in)) {
            int colon = next.indexOf(':');
            headers.put(next.substring(0, colon), next.substring(colon + 1).strip());
        }
        String[] words = first.split(" ");
        return new Request(words[0], words[1], headers, "");
    }

    private static Request withBody(Request head, InputStream in) throws IOException {
        byte[] body = in.readNBytes(Integer.parseInt(head.headers().getOrDefault("Content-Length", "0")));
        return new Request(head.method(), head.path(), head.headers(), new String(body, StandardCharsets.UTF_8));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                return null;
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    /** Closes the listener and every connection. */
    @Override
    public void close() {
        try {
            listener.close();
            // The port is free when nobody waits at it any more.
            accepting.join();
            for (Socket socket : List.copyOf(open)) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
