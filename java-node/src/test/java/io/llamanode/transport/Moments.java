package io.llamanode.transport;

import static io.llamanode.transport.HeldNode.caller;
import static io.llamanode.transport.HeldNode.request;
import static io.llamanode.transport.Moment.calls;
import static io.llamanode.transport.RequestShapes.input;
import static io.llamanode.transport.RequestShapes.message;
import static io.llamanode.transport.RequestShapes.tokens;
import static io.llamanode.transport.RequestShapes.with;
import static io.llamanode.transport.TestTerms.atom;

import com.ericsson.otp.erlang.OtpErlangLong;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.transport.Moment.Asked;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every kind of request where it takes most. */
final class Moments {
    private static final List<String> GENERATING = List.of("completion", "chat", "infill");
    private static final List<String> TYPES = List.of("completion", "chat", "infill", "embedding", "rerank");
    private static final String LONG_TEXT = "Once upon a time ".repeat(600);
    /** A sampler without a script gives one token for ever. */
    private static final Map<String, Object> ENDLESS =
            Map.of("prompt", "Once", "n_predict", 1_000_000, "temperature", 0);

    /** Whose session or task all others refer to. */
    private static final int FIRST = 5_000_000;

    /** These hold nothing once they are answered, and nothing waits. */
    static final String AT_ONCE = "answered at once";

    private Moments() {}

    static List<Moment> all() {
        List<Moment> all = new ArrayList<>();
        atOnce(all);
        sessions(all);
        waitingTasks(all);
        answers(all);
        waitingCalls(all);
        models(all);
        return all;
    }

    private static OtpErlangObject number(long number) {
        return new OtpErlangLong(number);
    }

    private static long session(HeldNode node, int owner) {
        return node.id(owner, request("create_session", Map.of()));
    }

    private static OtpErlangObject task(
            String name, HeldNode node, String type, Map<String, Object> input, int caller) {
        return switch (name) {
            case "run" -> request(name, type, input);
            case "stream" -> request(name, number(node.first), type, input, caller(caller));
            default -> request(name, number(node.first), type, input);
        };
    }

    private static void atOnce(List<Moment> all) {
        Map<String, Asked> requests = Map.of(
                "ping", (node, i) -> atom("ping"),
                "get_status", (node, i) -> atom("get_status"),
                "list_models", (node, i) -> atom("list_models"),
                "list_adapters", (node, i) -> atom("list_adapters"),
                "get_session_info", (node, i) -> request("get_session_info", number(node.first)),
                "rewind_session", (node, i) -> request("rewind_session", number(node.first), atom("start")),
                "active", (node, i) -> request("active", number(node.first), atom("once")));
        requests.forEach((kind, asked) -> all.add(calls(kind, AT_ONCE, node -> node.first = session(node, FIRST), asked)
                .atMost(1000)));
    }

    private static void sessions(List<Moment> all) {
        List<Map<String, Object>> settings = RequestShapes.SETTINGS;
        all.add(calls("create_session", "with nothing", node -> {}, (node, i) -> request("create_session", Map.of())));
        all.add(calls(
                "create_session",
                "with settings",
                node -> {},
                (node, i) -> request("create_session", settings.get(i % settings.size()))));
        all.add(new Moment(
                        "create_session",
                        "with a conversation",
                        node -> {},
                        (node, i) ->
                                chat(node, i, session(node, i), i % 2 == 0 ? "Once" : "Once upon a time ".repeat(200)))
                .inBatchesOf(100));
        all.add(calls(
                        "fork_session",
                        "of a conversation",
                        node -> {
                            node.first = session(node, FIRST);
                            chat(node, FIRST, node.first, "Once");
                        },
                        (node, i) -> request("fork_session", number(node.first)))
                .growing(8 << 20));
        all.add(new Moment("checkpoint_session", "of a conversation that goes on", node -> {}, (node, i) -> {
                    node.first = i % 15 == 0 ? session(node, i) : node.first;
                    chat(node, FIRST, node.first, "Once upon a time ".repeat(200));
                    node.send(i, request("checkpoint_session", number(node.first)));
                })
                .inBatchesOf(100)
                .atMost(1000));
        long[] updated = new long[1500];
        all.add(calls(
                        "update_session",
                        "with settings",
                        node -> {
                            for (int i = 0; i < updated.length; i++) {
                                updated[i] = session(node, i);
                            }
                        },
                        (node, i) -> request("update_session", number(updated[i]), settings.get(i % settings.size())))
                .atMost(updated.length));
        long[] closed = new long[1500];
        all.add(calls(
                        "close_session",
                        "until its task has left the engine",
                        node -> {
                            node.holdSlots();
                            for (int i = 0; i < closed.length; i++) {
                                closed[i] = session(node, i);
                                node.send(
                                        i,
                                        request("create_task", number(closed[i]), "completion", Map.of("prompt", "a")));
                            }
                            inTheEngine(node, closed.length);
                        },
                        (node, i) -> request("close_session", number(closed[i])))
                .atMost(closed.length));
    }

    private static void chat(HeldNode node, int caller, long session, String content) {
        long task = node.id(
                caller,
                request(
                        "create_task",
                        number(session),
                        "chat",
                        Map.of("content", content, "n_predict", 10, "temperature", 0)));
        node.ask(caller, request("get_result", number(task), atom("infinity")));
    }

    private static void holdPreparation(HeldNode node) throws InterruptedException {
        node.first = session(node, FIRST);
        node.holdPreparation();
    }

    private static void holdSlots(HeldNode node) {
        node.first = session(node, FIRST);
        node.holdSlots();
    }

    /** Lets the engines take what was sent, as far as they have no slot for it. */
    private static void inTheEngine(HeldNode node, int sent) {
        node.settle();
        node.awaitPrepared();
        node.step(sent / 200 + 3);
    }

    private static void waitingTasks(List<Moment> all) {
        for (String name : List.of("create_task", "run", "stream", "estimate_task")) {
            List<String> types = name.equals("estimate_task") ? GENERATING : TYPES;
            all.add(calls(name, "until it is prepared", Moments::holdPreparation, (node, i) -> {
                String type = types.get(i % types.size());
                return task(name, node, type, input(type, i / types.size()), i);
            }));
        }
        for (String type : TYPES) {
            Moment waiting = calls(
                    "run",
                    "until there is a slot, " + type,
                    Moments::holdSlots,
                    (node, i) -> task("run", node, type, input(type, i), i));
            all.add(waiting.settling((node, sent) -> {
                node.settle();
                node.awaitPrepared();
                if (GENERATING.contains(type)) {
                    node.step(sent / 200 + 3);
                } else {
                    node.compute(sent / 200 + 3);
                }
            }));
        }
        Map<String, Object> penalties = Map.of("prompt", tokens(4000), "repeat_penalty", 1.1, "repeat_last_n", -1);
        all.add(calls(
                        "run",
                        "until there is a slot, with penalties",
                        Moments::holdSlots,
                        (node, i) -> task("run", node, "completion", penalties, i))
                .settling(Moments::inTheEngine));
        all.add(new Moment(
                        "create_task",
                        "until there is a slot, in a session of its own",
                        Moments::holdSlots,
                        (node, i) -> {
                            long own = session(node, i);
                            node.send(i, request("create_task", number(own), "chat", input("chat", i)));
                        })
                .settling(Moments::inTheEngine));
        all.add(calls(
                "create_task",
                "behind another chat of its session",
                node -> {
                    holdSlots(node);
                    node.id(FIRST, task("create_task", node, "chat", Map.of("messages", List.of(message("a"))), FIRST));
                },
                (node, i) -> task("create_task", node, "chat", Map.of("messages", List.of(message("a"))), i)));
        int texts = 200;
        int requests = 64;
        all.add(calls(
                        "create_task",
                        "with all but the last vectors",
                        Moments::holdSlots,
                        (node, i) -> task("create_task", node, "embedding", input("embedding", 1), i))
                .atMost(requests)
                .settling((node, sent) -> {
                    node.settle();
                    node.awaitPrepared();
                    node.compute(requests * texts / HeldNode.TEXTS_AT_ONCE - HeldNode.SLOTS);
                }));
    }

    private static void answers(List<Moment> all) {
        for (String name : List.of("run", "create_task", "stream")) {
            all.add(generating(name, "generating with probabilities", with(ENDLESS, Map.of("n_probs", 100)), 300));
        }
        all.add(generating("run", "generating a long text", ENDLESS, 12_000));
        Map<String, Object> probable = with(ENDLESS, Map.of("n_probs", 20, "n_predict", 30));
        Map<String, Object> brief = with(ENDLESS, Map.of("n_predict", 500));
        all.add(kept("create_task", "a result with probabilities that nobody collects", probable));
        all.add(kept("create_task", "a result that nobody collects", with(ENDLESS, Map.of("n_predict", 2)))
                .growing(4 << 20));
        all.add(kept("stream", "text that nobody reads", with(brief, Map.of("active", false)))
                .growing(3 << 20));
        all.add(kept("stream", "a result behind text that nobody reads", with(probable, Map.of("active", false))));
    }

    /** Every slot of the engine generates; what is sent is a step of all. */
    private static Moment generating(String name, String what, Map<String, Object> input, int steps) {
        return new Moment(
                        name,
                        what,
                        node -> {
                            node.first = session(node, FIRST);
                            node.holdStep();
                            for (int i = 0; i < HeldNode.SLOTS; i++) {
                                node.send(FIRST + i, task(name, node, "completion", input, FIRST + i));
                            }
                            node.step(3);
                        },
                        (node, i) -> {})
                .atMost(steps)
                .settling(HeldNode::step);
    }

    private static Moment kept(String name, String what, Map<String, Object> input) {
        return calls(
                        name,
                        what,
                        node -> node.first = session(node, FIRST),
                        (node, i) -> task(name, node, "completion", input, i))
                .inBatchesOf(500)
                .settling((node, sent) -> {
                    node.settle();
                    node.awaitTasks();
                });
    }

    private static void waitingCalls(List<Moment> all) {
        waiting(
                all,
                "get_result",
                (node, i) ->
                        request("get_result", number(node.task), i % 2 == 0 ? atom("infinity") : number(3_600_000)));
        waiting(all, "cancel_task", (node, i) -> request("cancel_task", number(node.task)));
        waiting(all, "clear_cache", (node, i) -> request("clear_cache", number(node.first), atom("all")));
        unprepared(all, "tokenize", (node, i) -> request("tokenize", i % 2 == 0 ? "Once" : LONG_TEXT));
        unprepared(all, "count_tokens", (node, i) -> request("count_tokens", i % 2 == 0 ? "Once" : LONG_TEXT));
        unprepared(
                all, "detokenize", (node, i) -> request("detokenize", Map.of("tokens", tokens(i % 2 == 0 ? 3 : 5000))));
        unprepared(all, "apply_template", (node, i) -> request("apply_template", input("chat", i)));
        all.add(calls(
                "clear_cache",
                "until the system prompt is measured",
                node -> {
                    node.first = node.id(FIRST, request("create_session", Map.of("system_prompt", "Be brief.")));
                    node.holdPreparation();
                },
                (node, i) -> request("clear_cache", number(node.first), atom("all_but_system_prompt"))));
    }

    /** A task waits for a slot, and calls wait for it or for the engine. */
    private static void waiting(List<Moment> all, String kind, Asked asked) {
        all.add(calls(
                kind,
                "until the engine goes on",
                node -> {
                    long other = session(node, FIRST);
                    holdSlots(node);
                    node.task =
                            node.id(FIRST, request("create_task", number(other), "completion", Map.of("prompt", "a")));
                    node.step(3);
                },
                asked));
    }

    private static void unprepared(List<Moment> all, String kind, Asked asked) {
        all.add(calls(kind, "until its turn comes", HeldNode::holdPreparation, asked));
    }

    private static void models(List<Moment> all) {
        String path = "x".repeat(2000);
        loading(
                all,
                "load_model",
                (node, i) -> request(
                        "load_model",
                        path + i + ".gguf",
                        Map.of("chat_template", "{{ 1 }}".repeat(100), "id", "m" + i)));
        loading(all, "unload_model", (node, i) -> request("unload_model", path + i));
        loading(all, "load_adapter", (node, i) -> request("load_adapter", path + i, Map.of("id", "a" + i)));
        loading(
                all,
                "check_schema",
                (node, i) -> request("check_schema", Map.of("title", path + i, "properties", Map.of("a", Map.of()))));
        loading(all, "match", (node, i) -> request("match", Map.of("choice", List.of(path + i, "b")), path));
        loading(all, "inspect_model", (node, i) -> request("inspect_model", path + i, Map.of()));
        all.add(calls(
                        "unload_adapter",
                        "until the engine goes on",
                        node -> {
                            for (int i = 0; i < 2000; i++) {
                                node.ask(FIRST, request("load_adapter", "file", Map.of("id", "a" + i)));
                            }
                            node.holdSlots();
                        },
                        (node, i) -> request("unload_adapter", "a" + i, Map.of()))
                .atMost(2000));
    }

    private static void loading(List<Moment> all, String kind, Asked asked) {
        all.add(calls(
                kind,
                "until its turn comes",
                node -> {
                    node.send(FIRST, request("load_model", "other.gguf", Map.of("id", "other")));
                    node.send(FIRST + 1, request("inspect_model", "other.gguf", Map.of()));
                    node.settle();
                },
                asked));
    }
}
