package io.llamanode.transport.bridge;

import io.llamanode.protocol.LineInput.Kind;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** One line of a client. */
sealed interface Command {
    /** Every name, in the order of docs/operations.md; STOP is for the control socket, and so for nobody who asks. */
    List<String> NAMES = List.of(
            "PING",
            "HEALTH",
            "STATUS",
            "MODELS",
            "LOAD",
            "FREE",
            "INFER",
            "INFER_STREAM",
            "COMPLETE",
            "CHAT",
            "EMBED",
            "RERANK",
            "INFILL",
            "TOKENIZE",
            "SESSION",
            "START",
            "RESULT",
            "CANCEL",
            "AUTH",
            "QUIT");

    /** Asks whether anybody is there. */
    record Ping() implements Command {}

    /** Asks whether work is taken. */
    record Health() implements Command {}

    /** Asks for the state of the node. */
    record Status() implements Command {}

    /** Asks which models are loaded. */
    record Models() implements Command {}

    /** @param model a path, or a configuration as a JSON object */
    record Load(String model) implements Command {}

    /** @param model id of a model, or empty for all of them */
    record Free(String model) implements Command {}

    /**
     * Does a task, and answers with its result.
     *
     * @param kind of the task
     * @param input a text, or the input of a task as a JSON object
     */
    record Run(Kind kind, String input) implements Command {}

    /**
     * A task of {@link Run} that has begun.
     *
     * @param kind of the task
     * @param task what it tells
     */
    record Begun(Kind kind, TokenQueue task) implements Command {}

    /** @param input as of {@link Kind#INFER}; its tokens are answered one by one */
    record Stream(String input) implements Command {}

    /** @param input a text, or a JSON object */
    record Tokenize(String input) implements Command {}

    /** @param config a system prompt, a configuration as a JSON object, or empty */
    record OpenSession(String config) implements Command {}

    /** @param session that this connection's texts go to, or 0 for none */
    record UseSession(long session) implements Command {}

    /** @param session to be closed, or 0 for the one in use */
    record CloseSession(long session) implements Command {}

    /**
     * Begins a task whose result is asked for later.
     *
     * @param kind of the task
     * @param input as of {@link Run}
     */
    record Start(Kind kind, String input) implements Command {}

    /**
     * Asks for a result.
     *
     * @param task that was started
     * @param timeoutMs how long to wait for it, in milliseconds; -1: for ever
     */
    record Result(long task, long timeoutMs) implements Command {}

    /** @param task to be cancelled */
    record Cancel(long task) implements Command {}

    /** @param secret what the client thinks it is */
    record Auth(String secret) implements Command {
        @Override
        public String toString() {
            return "Auth";
        }
    }

    /** Ends the node; on its control socket only. */
    record Stop() implements Command {}

    /** Ends the connection, or the node. */
    record Quit() implements Command {}

    /** @param failure what is wrong with a line */
    record Bad(Failure failure) implements Command {}

    /** {@return whether it is answered from what is at hand, without waiting for anything} */
    default boolean isQuick() {
        return this instanceof Ping || this instanceof Health || this instanceof Bad;
    }

    /**
     * @param line a line that is not blank; the command's name counts in either case
     * @return the command, {@link Bad} if it is none
     */
    static Command parse(String line) {
        try {
            return read(line);
        } catch (FailureException e) {
            return new Bad(e.failure());
        }
    }

    private static Command read(String line) {
        // What follows the one blank belongs to the prompt, further blanks included.
        int blank = line.indexOf(' ');
        String name = (blank < 0 ? line : line.substring(0, blank)).toUpperCase(Locale.ROOT);
        String argument = blank < 0 ? "" : line.substring(blank + 1);
        return switch (name) {
            case "PING" -> without(name, argument, new Ping());
            case "HEALTH" -> without(name, argument, new Health());
            case "STATUS" -> without(name, argument, new Status());
            case "MODELS" -> without(name, argument, new Models());
            case "STOP" -> without(name, argument, new Stop());
            case "QUIT" -> without(name, argument, new Quit());
            case "LOAD" -> new Load(required(name, argument.strip(), "a path"));
            case "FREE" -> new Free(argument.strip());
            case "INFER", "COMPLETE", "CHAT", "EMBED", "RERANK", "INFILL" -> {
                Kind kind = Kind.valueOf(name);
                yield new Run(kind, input(name, kind, argument));
            }
            case "INFER_STREAM" -> new Stream(required(name, argument, "a prompt"));
            case "TOKENIZE" -> new Tokenize(required(name, argument, "a text"));
            case "SESSION" -> session(argument.strip());
            case "START" -> start(argument);
            case "RESULT" -> result(argument.strip());
            case "CANCEL" -> new Cancel(id(name, "a task id", argument.strip()));
            case "AUTH" -> new Auth(required(name, argument.strip(), "the secret"));
            default ->
                throw FailureException.invalid("unknown command; known are "
                        + String.join(", ", NAMES.subList(0, NAMES.size() - 1)) + " and " + NAMES.getLast());
        };
    }

    private static Command without(String name, String argument, Command command) {
        if (!argument.isBlank()) {
            throw FailureException.invalid(name + " takes no argument");
        }
        return command;
    }

    private static String required(String name, String argument, String what) {
        if (argument.isBlank()) {
            throw FailureException.invalid(name + " takes " + what);
        }
        return argument;
    }

    private static String input(String name, Kind kind, String argument) {
        return required(
                name,
                argument,
                switch (kind) {
                    case INFER, COMPLETE -> "a prompt";
                    case CHAT -> "a message";
                    case EMBED -> "a text";
                    case RERANK, INFILL -> "a JSON object";
                });
    }

    private static Command session(String argument) {
        int blank = argument.indexOf(' ');
        String what = (blank < 0 ? argument : argument.substring(0, blank)).toUpperCase(Locale.ROOT);
        String rest = blank < 0 ? "" : argument.substring(blank + 1).strip();
        return switch (what) {
            case "OPEN" -> new OpenSession(rest);
            case "USE" -> new UseSession(rest.isEmpty() ? 0 : id("SESSION USE", "a session id, or nothing", rest));
            case "CLOSE" ->
                new CloseSession(rest.isEmpty() ? 0 : id("SESSION CLOSE", "a session id, or nothing", rest));
            default ->
                throw FailureException.invalid(
                        "SESSION takes OPEN with a system prompt or a JSON object or nothing, USE or CLOSE");
        };
    }

    private static Command start(String argument) {
        int blank = argument.indexOf(' ');
        String name = (blank < 0 ? argument : argument.substring(0, blank)).toUpperCase(Locale.ROOT);
        String rest = blank < 0 ? "" : argument.substring(blank + 1);
        for (Kind kind : Kind.values()) {
            if (kind.name().equals(name)) {
                return new Start(kind, input("START " + name, kind, rest));
            }
        }
        throw FailureException.invalid("START takes a command and what it takes, as START INFER <prompt>; commands are "
                + String.join(", ", Arrays.stream(Kind.values()).map(Kind::name).toList()));
    }

    private static Command result(String argument) {
        String[] parts = argument.split(" +", 2);
        long task = id("RESULT", "a task id and, if it is not to wait for ever, milliseconds", parts[0]);
        return new Result(
                task, parts.length == 1 ? -1 : number("RESULT", "milliseconds after the task id", parts[1], 10));
    }

    private static long id(String name, String what, String text) {
        return number(name, what, text, 18);
    }

    private static long number(String name, String what, String text, int digits) {
        if (text.isEmpty() || text.length() > digits || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw FailureException.invalid(name + " takes " + what);
        }
        return Long.parseLong(text);
    }
}
