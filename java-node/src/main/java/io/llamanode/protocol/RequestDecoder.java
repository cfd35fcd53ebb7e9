package io.llamanode.protocol;

import com.ericsson.otp.erlang.OtpErlangAtom;
import com.ericsson.otp.erlang.OtpErlangObject;
import com.ericsson.otp.erlang.OtpErlangPid;
import com.ericsson.otp.erlang.OtpErlangRef;
import com.ericsson.otp.erlang.OtpErlangTuple;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.term.Shown;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns the term of a request into a checked {@link Request}; docs/protocol.md, sections 1 and 2. */
public final class RequestDecoder {
    /** Arguments of each request. */
    private static final Map<String, Integer> ARITIES = Map.ofEntries(
            Map.entry("ping", 0),
            Map.entry("get_status", 0),
            Map.entry("load_model", 2),
            Map.entry("unload_model", 1),
            Map.entry("list_models", 0),
            Map.entry("inspect_model", 2),
            Map.entry("create_session", 1),
            Map.entry("update_session", 2),
            Map.entry("close_session", 1),
            Map.entry("get_session_info", 1),
            Map.entry("load_adapter", 2),
            Map.entry("unload_adapter", 2),
            Map.entry("list_adapters", 0),
            Map.entry("fork_session", 1),
            Map.entry("checkpoint_session", 1),
            Map.entry("rewind_session", 2),
            Map.entry("clear_cache", 2),
            Map.entry("estimate_task", 3),
            Map.entry("create_task", 3),
            Map.entry("get_result", 2),
            Map.entry("stream", 4),
            Map.entry("active", 2),
            Map.entry("cancel_task", 1),
            Map.entry("run", 2),
            Map.entry("tokenize", 1),
            Map.entry("count_tokens", 1),
            Map.entry("detokenize", 1),
            Map.entry("apply_template", 1),
            Map.entry("check_schema", 1),
            Map.entry("match", 2));

    private RequestDecoder() {}

    /** {@return the names of all requests that there are} */
    public static Set<String> names() {
        return ARITIES.keySet();
    }

    /**
     * Reads what a caller says who has given up. It belongs to a call and asks for nothing by itself, so it is no request.
     *
     * @param term what came in a cast
     * @return the alias that the call was to be answered at, or {@code null} if the term is something else
     */
    public static @Nullable OtpErlangRef givenUp(OtpErlangObject term) {
        return term instanceof OtpErlangTuple tuple
                        && tuple.arity() == 2
                        && tuple.elementAt(0) instanceof OtpErlangAtom atom
                        && atom.atomValue().equals("give_up")
                        && tuple.elementAt(1) instanceof OtpErlangRef alias
                ? alias
                : null;
    }

    /**
     * Reads and checks a request. It touches nothing but the term: whether a session exists is found out later.
     *
     * @param term what came in a call or a cast, already known to keep the limits of nesting and size
     * @return the request
     * @throws FailureException {@code invalid_argument} naming the offending key, or
     *     {@code unsupported} for content parts that no version takes yet
     */
    public static Request decode(OtpErlangObject term) {
        String name = switch (term) {
            case OtpErlangAtom atom -> atom.atomValue();
            case OtpErlangTuple tuple
            when tuple.arity() > 0 && tuple.elementAt(0) instanceof OtpErlangAtom atom -> atom.atomValue();
            default ->
                throw FailureException.invalid(
                        "a request must be an atom or a tuple that starts with one, not " + Shown.of(term));
        };
        Integer arity = ARITIES.get(name);
        if (arity == null) {
            String close = CloseMatch.of(name, ARITIES.keySet());
            throw FailureException.invalid("unknown request '" + Shown.line(name, 40) + "'"
                    + (close == null ? "" : " (did you mean '" + close + "'?)"));
        }
        OtpErlangObject[] args = arguments(term);
        if (args.length != arity || arity == 0 && term instanceof OtpErlangTuple) {
            throw FailureException.invalid("the request " + name + " takes "
                    + (arity == 0 ? "no argument and is a plain atom" : plural(arity) + ", not " + args.length));
        }
        return switch (name) {
            case "ping" -> new Request.Ping();
            case "get_status" -> new Request.GetStatus();
            case "load_model" ->
                loadModel(InputValue.root("path", args[0]), new Fields(InputValue.object("config", args[1])));
            case "unload_model" ->
                new Request.UnloadModel(InputValue.root("id", args[0]).nonEmptyText());
            case "list_models" -> new Request.ListModels();
            case "inspect_model" ->
                new Request.InspectModel(ModelDecoder.decode(
                        InputValue.root("path", args[0]), new Fields(InputValue.object("config", args[1]))));
            case "create_session" -> new Request.CreateSession(InputDecoder.session(args[0]));
            case "update_session" ->
                new Request.UpdateSession(id("session_id", args[0]), InputDecoder.sessionChange(args[1]));
            case "close_session" -> new Request.CloseSession(id("session_id", args[0]));
            case "get_session_info" -> new Request.GetSessionInfo(id("session_id", args[0]));
            case "load_adapter" ->
                new Request.LoadAdapter(ModelDecoder.adapter(
                        InputValue.root("path", args[0]), new Fields(InputValue.object("config", args[1]))));
            case "unload_adapter" ->
                unloadAdapter(InputValue.root("id", args[0]), new Fields(InputValue.object("config", args[1])));
            case "list_adapters" -> new Request.ListAdapters();
            case "fork_session" -> new Request.ForkSession(id("session_id", args[0]));
            case "checkpoint_session" -> new Request.CheckpointSession(id("session_id", args[0]));
            case "rewind_session" -> new Request.RewindSession(id("session_id", args[0]), checkpoint(args[1]));
            case "clear_cache" -> new Request.ClearCache(sessionOrAll(args[0]), keepsSystemPrompt(args[1]));
            case "estimate_task" -> estimateTask(id("session_id", args[0]), args[1], args[2]);
            case "create_task" -> createTask(id("session_id", args[0]), args[1], args[2]);
            case "get_result" -> new Request.GetResult(id("task_id", args[0]), timeout(args[1]));
            case "stream" -> stream(id("session_id", args[0]), args[1], args[2], args[3]);
            case "active" ->
                new Request.Active(id("task_id", args[0]), Delivery.demand(InputValue.root("active", args[1])));
            case "cancel_task" -> new Request.CancelTask(id("task_id", args[0]));
            case "run" -> run(args[0], args[1]);
            case "tokenize" -> InputDecoder.tokenize(args[0]);
            case "count_tokens" -> new Request.CountTokens(InputDecoder.countTokens(args[0]));
            case "detokenize" -> InputDecoder.detokenize(args[0]);
            case "apply_template" -> new Request.ApplyTemplate(InputDecoder.templating(args[0]));
            case "check_schema" -> new Request.CheckSchema(FormatDecoder.json(InputValue.root("schema", args[0])));
            case "match" ->
                FormatDecoder.match(
                        new Fields(InputValue.object("constraint", args[0])), InputValue.root("text", args[1]));
            default -> throw new IllegalStateException(name + " has an arity but no decoder");
        };
    }

    private static Request loadModel(InputValue path, Fields in) {
        InputValue progress = in.get("progress");
        if (progress != null && !(progress.raw() instanceof OtpErlangPid)) {
            throw progress.mustBe("a pid");
        }
        return new Request.LoadModel(
                ModelDecoder.decode(path, in), progress == null ? null : (OtpErlangPid) progress.raw());
    }

    private static OtpErlangObject[] arguments(OtpErlangObject term) {
        if (!(term instanceof OtpErlangTuple tuple)) {
            return new OtpErlangObject[0];
        }
        OtpErlangObject[] args = new OtpErlangObject[tuple.arity() - 1];
        for (int i = 0; i < args.length; i++) {
            args[i] = tuple.elementAt(i + 1);
        }
        return args;
    }

    private static String plural(int count) {
        return count + (count == 1 ? " argument" : " arguments");
    }

    private static long id(String name, OtpErlangObject term) {
        return InputValue.root(name, term).integer(1, Long.MAX_VALUE);
    }

    private static Request.UnloadAdapter unloadAdapter(InputValue id, Fields in) {
        var request = new Request.UnloadAdapter(id.nonEmptyText(), in.nonEmptyText("model"));
        in.end();
        return request;
    }

    private static long checkpoint(OtpErlangObject term) {
        InputValue value = InputValue.root("checkpoint", term);
        return value.isText() && value.text().equals("start") ? 0 : value.integerOr("start", 1, Long.MAX_VALUE);
    }

    private static long sessionOrAll(OtpErlangObject term) {
        InputValue value = InputValue.root("session_id", term);
        return value.isText() && value.text().equals("all") ? 0 : value.integerOr("all", 1, Long.MAX_VALUE);
    }

    private static boolean keepsSystemPrompt(OtpErlangObject term) {
        InputValue value = InputValue.root("what", term);
        return switch (value.isText() ? value.text() : "") {
            case "all" -> false;
            case "all_but_system_prompt" -> true;
            default -> throw value.mustBe("all or all_but_system_prompt");
        };
    }

    private static long timeout(OtpErlangObject term) {
        return term instanceof OtpErlangAtom atom && atom.atomValue().equals("infinity")
                ? -1
                : InputValue.root("timeout", term).integerOr("infinity", 0, Fields.MAX_MS);
    }

    /** Nothing is sent, whether the task that is meant would send something or not. */
    private static Request estimateTask(long sessionId, OtpErlangObject type, OtpErlangObject given) {
        Fields in = new Fields(InputValue.object("input", given));
        Delivery.ofTask(in);
        return new Request.EstimateTask(sessionId, InputDecoder.task(type, in));
    }

    private static Request createTask(long sessionId, OtpErlangObject type, OtpErlangObject given) {
        Fields in = new Fields(InputValue.object("input", given));
        Delivery events = Delivery.ofTask(in);
        TaskInput input = InputDecoder.task(type, in);
        return events == null
                ? new Request.CreateTask(sessionId, input)
                : new Request.StreamToCaller(sessionId, input, events);
    }

    private static Request run(OtpErlangObject type, OtpErlangObject given) {
        Fields in = new Fields(InputValue.object("input", given));
        Delivery.ofWhole(in);
        return new Request.Run(InputDecoder.task(type, in));
    }

    private static Request.Stream stream(
            long sessionId, OtpErlangObject type, OtpErlangObject given, OtpErlangObject sink) {
        Fields in = new Fields(InputValue.object("input", given));
        Delivery delivery = Delivery.ofStream(in);
        TaskInput input = InputDecoder.task(type, in);
        if (sink instanceof OtpErlangPid pid) {
            return new Request.Stream(sessionId, input, pid, null, delivery);
        }
        if (sink instanceof OtpErlangTuple tuple
                && tuple.arity() == 3
                && tuple.elementAt(0) instanceof OtpErlangPid pid
                && tuple.elementAt(1) instanceof OtpErlangRef alias
                && tuple.elementAt(2) instanceof OtpErlangPid watcher) {
            return new Request.Stream(sessionId, input, pid, new Request.StreamEnd(alias, watcher), delivery);
        }
        throw InputValue.root("sink", sink).mustBe("a pid or {SinkPid, Alias, WatcherPid}");
    }
}
