package io.llamanode.transport.bridge;

import io.llamanode.service.contract.FailureException;
import java.util.Locale;

/** One line of a client. */
sealed interface Command {
    /** Asks whether anybody is there. */
    record Ping() implements Command {}

    /** Asks for the state of the node. */
    record Status() implements Command {}

    /** @param model a path, or a configuration as a JSON object */
    record Load(String model) implements Command {}

    /** @param input a prompt, or the input of a task as a JSON object */
    record Infer(String input) implements Command {}

    /** @param input likewise; its tokens are answered one by one */
    record InferStream(String input) implements Command {}

    /** @param model id of a model, or empty for all of them */
    record Free(String model) implements Command {}

    /** Ends the node; on its control socket only. */
    record Stop() implements Command {}

    /** Ends the connection. */
    record Quit() implements Command {}

    /**
     * @param line a line that is not blank; the command's name counts in either case
     * @return the command
     * @throws FailureException {@code invalid_argument}
     */
    static Command parse(String line) {
        // What follows the one blank belongs to the prompt, further blanks included.
        int blank = line.indexOf(' ');
        String name = (blank < 0 ? line : line.substring(0, blank)).toUpperCase(Locale.ROOT);
        String argument = blank < 0 ? "" : line.substring(blank + 1);
        return switch (name) {
            case "PING" -> without(name, argument, new Ping());
            case "STATUS" -> without(name, argument, new Status());
            case "STOP" -> without(name, argument, new Stop());
            case "QUIT" -> without(name, argument, new Quit());
            case "LOAD" -> new Load(required(name, argument.strip(), "a path"));
            case "INFER" -> new Infer(required(name, argument, "a prompt"));
            case "INFER_STREAM" -> new InferStream(required(name, argument, "a prompt"));
            case "FREE" -> new Free(argument.strip());
            default ->
                throw FailureException.invalid(
                        "unknown command; known are PING, STATUS, LOAD, INFER, INFER_STREAM, FREE and QUIT");
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
}
