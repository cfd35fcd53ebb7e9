package io.llamanode.transport;

import static io.llamanode.transport.HeldNode.request;
import static io.llamanode.transport.TestTerms.atom;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** One request of each kind at least, where it is granted and where it is refused, and streams with every kind of event. */
final class EveryRequest {
    /** A node that is asked by one process. */
    interface Asked {
        /** {@return what a call is answered with} */
        OtpErlangObject ask(OtpErlangObject request);

        /** Asks without waiting for the answer. */
        void begin(OtpErlangObject request);

        /** {@return the next event of a stream, or what tells that its end went to an alias} */
        OtpErlangTuple event();

        /** {@return the process} */
        OtpErlangPid process();

        /** {@return an alias of it} */
        OtpErlangRef alias();
    }

    private static final Map<String, Object> ENDLESS =
            Map.of("prompt", "x", "n_predict", 1_000_000_000, "temperature", 0);
    private static final Map<String, Object> SHORT = Map.of("prompt", "hello", "temperature", 0);
    private static final OtpErlangLong NONE = new OtpErlangLong(999_999);

    private final Asked node;
    private final Set<String> kinds = new TreeSet<>();
    private final Set<String> events = new TreeSet<>();

    EveryRequest(Asked node) {
        this.node = node;
    }

    /** {@return the requests that were made} */
    Set<String> kinds() {
        return kinds;
    }

    /** {@return the events that came} */
    Set<String> events() {
        return events;
    }

    private OtpErlangObject ask(String name, Object... arguments) {
        kinds.add(name);
        return node.ask(request(name, arguments));
    }

    private OtpErlangObject ok(String name, Object... arguments) {
        OtpErlangObject answer = ask(name, arguments);
        if (answer instanceof OtpErlangTuple pair && pair.elementAt(0).equals(atom("ok"))) {
            return pair.elementAt(1);
        }
        throw new AssertionError(name + ": " + answer);
    }

    private void done(String name, Object... arguments) {
        OtpErlangObject answer = ask(name, arguments);
        if (!answer.equals(atom("ok"))) {
            throw new AssertionError(name + ": " + answer);
        }
    }

    private void refused(String code, String name, Object... arguments) {
        OtpErlangObject answer = ask(name, arguments);
        if (!answer.toString().startsWith("{error,{" + code + ",")) {
            throw new AssertionError(name + ": " + answer);
        }
    }

    void all() {
        models();
        sessions();
        tasks();
        texts();
        streams();
        refusals();
    }

    private void models() {
        ask("ping");
        ok("get_status");
        ok("list_models");
        ok("inspect_model", "/models/b.gguf", Map.of());
        Map<String, OtpErlangObject> progress = Map.of("progress", node.process());
        done("load_model", "/models/b.gguf", map(progress));
        done("unload_model", "b");
        done("load_adapter", "/adapters/one.gguf", Map.of());
        ok("list_adapters");
        done("unload_adapter", "one", Map.of());
    }

    private static OtpErlangObject map(Map<String, OtpErlangObject> entries) {
        com.ericsson.otp.erlang.OtpErlangMap map = new com.ericsson.otp.erlang.OtpErlangMap();
        entries.forEach((key, value) -> map.put(new OtpErlangAtom(key), value));
        return map;
    }

    private void sessions() {
        OtpErlangObject session = ok("create_session", Map.of("system_prompt", "Be short"));
        done("update_session", session, Map.of("temperature", 0));
        ok("get_session_info", session);
        OtpErlangObject here = ok("checkpoint_session", session);
        done("rewind_session", session, here);
        OtpErlangObject fork = ok("fork_session", session);
        done("clear_cache", session, "all");
        done("clear_cache", session, "all_but_system_prompt");
        ok("create_task", fork, "completion", ENDLESS);
        done("close_session", fork);
        done("close_session", session);
    }

    private void tasks() {
        OtpErlangObject session = ok("create_session", Map.of());
        ok("estimate_task", session, "completion", SHORT);
        for (String type : List.of("completion", "chat", "infill", "embedding", "rerank")) {
            Map<String, Object> input = type.equals("completion") ? SHORT : RequestShapes.input(type, 0);
            ok("run", type, input);
            OtpErlangObject task = ok("create_task", session, type, input);
            ok("get_result", task, atom("infinity"));
        }
        OtpErlangObject kept = ok("create_task", session, "completion", SHORT);
        while (ask("get_result", kept, 0).toString().contains("timeout")) {
            // It still runs.
        }
        OtpErlangObject endless = ok("create_task", session, "completion", ENDLESS);
        refused("timeout", "get_result", endless, 1);
        kinds.add("get_result");
        node.begin(request("get_result", endless, atom("infinity")));
        done("cancel_task", endless);
        OtpErlangObject first = ok("create_task", session, "chat", with(ENDLESS));
        OtpErlangObject second = ok("create_task", session, "chat", with(ENDLESS));
        done("cancel_task", second);
        done("cancel_task", first);
        refused("timeout", "run", "completion", timed());
        done("close_session", session);
    }

    private static Map<String, Object> with(Map<String, Object> options) {
        Map<String, Object> chat = new HashMap<>(options);
        chat.remove("prompt");
        chat.put("messages", List.of(RequestShapes.message("Hi")));
        return chat;
    }

    private static Map<String, Object> timed() {
        Map<String, Object> input = new HashMap<>(ENDLESS);
        input.put("timeout", 1);
        return input;
    }

    private void texts() {
        OtpErlangObject tokens = ok("tokenize", "Hi");
        ok("tokenize", Map.of("content", "Hi", "with_pieces", true));
        ok("count_tokens", "Hi");
        ok("detokenize", tokens);
        ok("apply_template", Map.of("messages", List.of(RequestShapes.message("a"))));
        ok("check_schema", "{\"type\":\"string\"}");
        refused("invalid_argument", "check_schema", List.of());
        ok("match", Map.of("regex", "a+"), "aab");
        refused("invalid_argument", "match", Map.of("grammar", "root ::= ("), "a");
        refused("invalid_argument", "count_tokens", Map.of("content", "a", "model", "none"));
    }

    private void streams() {
        OtpErlangObject session = ok("create_session", Map.of());
        Map<String, Object> once = new HashMap<>(SHORT);
        once.put("active", 1);
        OtpErlangObject task = ok("stream", session, "completion", once, node.process());
        await("passive");
        done("active", task, true);
        await("done");
        OtpErlangObject tools = ok("create_session", Map.of("model", "tools"));
        Map<String, Object> chat = new HashMap<>(RequestShapes.with(
                RequestShapes.TOOLS, Map.of("messages", List.of(RequestShapes.message("q")), "temperature", 0)));
        ok("stream", tools, "chat", chat, node.process());
        await("done");
        OtpErlangObject sink = TestTerms.tuple(node.process(), node.alias(), node.process());
        OtpErlangObject endless = ok("stream", session, "completion", ENDLESS, sink);
        await("chunk");
        done("cancel_task", endless);
        await("ended");
        // Those that are told in the reply to nobody.
        ok("stream", session, "completion", ENDLESS, node.process());
        done("close_session", session);
        await("error");
        OtpErlangObject last = ok("create_session", Map.of());
        Map<String, Object> late = new HashMap<>(SHORT);
        late.put("active", false);
        OtpErlangObject lingering = ok("stream", last, "completion", late, node.process());
        while (!idle()) {
            // Its task has not ended.
        }
        done("cancel_task", lingering);
        await("error");
    }

    private boolean idle() {
        OtpErlangObject running = ((com.ericsson.otp.erlang.OtpErlangMap) ok("get_status")).get(atom("tasks_running"));
        return running.equals(new OtpErlangLong(0));
    }

    /** Waits for an event of a kind. */
    private void await(String kind) {
        String name = "";
        while (!name.equals(kind)) {
            OtpErlangTuple event = node.event();
            if (event.elementAt(0).equals(atom("llama_node_ended"))) {
                name = "ended";
            } else {
                OtpErlangObject told = event.elementAt(2);
                name = told instanceof OtpErlangTuple tuple ? tuple.elementAt(0).toString() : told.toString();
            }
            events.add(name);
        }
    }

    private void refusals() {
        for (String name : List.of("close_session", "get_session_info", "fork_session", "checkpoint_session")) {
            refused("session_not_found", name, NONE);
        }
        refused("session_not_found", "update_session", NONE, Map.of());
        refused("session_not_found", "clear_cache", NONE, "all");
        refused("session_not_found", "rewind_session", NONE, "start");
        for (String name : List.of("create_task", "estimate_task")) {
            refused("session_not_found", name, NONE, "completion", SHORT);
        }
        refused("session_not_found", "stream", NONE, "completion", SHORT, node.process());
        refused("task_not_found", "get_result", NONE, 0);
        refused("task_not_found", "cancel_task", NONE);
        refused("task_not_found", "active", NONE, true);
        refused("invalid_argument", "run", "completion", Map.of("prompt", "a", "model", "none"));
        refused("invalid_argument", "detokenize", new OtpErlangList(new OtpErlangLong(70_000)));
        refused("invalid_argument", "unload_adapter", "none", Map.of());
        refused("invalid_argument", "unload_model", "none");
        refused("invalid_argument", "load_model", "/models/fake.gguf", Map.of());
    }
}
