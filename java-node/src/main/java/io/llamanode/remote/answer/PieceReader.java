package io.llamanode.remote.answer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Finds the JSON values in the body of an answer, whatever form it has: server-sent events, lines of JSON with {@code data:} in
 * front or without, or one JSON document. They are told apart by what comes, line by line, and the body may be cut anywhere: a
 * value is told as soon as its last byte is there.
 *
 * <p>For one thread at a time.
 */
public final class PieceReader {
    /** A line, and a value of several lines; bytes. */
    public static final int LONGEST_LINE = 16 << 20;

    /** Characters of a text that is no JSON which are shown. */
    private static final int SHOWN = 200;

    private static final String DONE = "[DONE]";
    private static final byte[] DATA_FIELD = {'d', 'a', 't', 'a', ':'};

    private final Consumer<Piece> pieces;
    private final ByteLine line;
    /** A value that has begun: of lines without a name, or of the data of an event. */
    private final ByteLine value;

    private final ValueEnd end = new ValueEnd();
    private State state = State.LINE;
    /** The last byte was a carriage return, so a line feed that follows belongs to it. */
    private boolean returned;

    private boolean first = true;
    /** The event, or the field that the data is in, is called error. */
    private boolean error;

    private String stray = "";

    private enum State {
        /** In a line of which nothing but its bytes is known. */
        LINE,
        /** In a value that stands by itself. */
        BARE,
        /** Between two lines of a value that the data of an event began. */
        DATA
    }

    /**
     * Reads one body.
     *
     * @param pieces told what is found, in order
     */
    public PieceReader(Consumer<Piece> pieces) {
        this(pieces, LONGEST_LINE);
    }

    /**
     * Reads one body that may have longer lines, or none as long.
     *
     * @param pieces told what is found, in order
     * @param longest bytes of a line or of a value
     */
    public PieceReader(Consumer<Piece> pieces, int longest) {
        this.pieces = pieces;
        this.line = new ByteLine(longest);
        this.value = new ByteLine(longest);
    }

    /**
     * Reads on.
     *
     * @param bytes that follow those before
     * @throws AnswerFault if a line is too long, or is not what its beginning promised
     */
    public void push(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            take(bytes.get());
        }
    }

    private void take(byte next) {
        if (state == State.BARE) {
            value.add(next);
            if (end.endsAt(next)) {
                state = State.LINE;
                emit();
            }
        } else if (next == '\n' && returned) {
            returned = false;
        } else if (next == '\n' || next == '\r') {
            returned = next == '\r';
            endOfLine();
        } else {
            returned = false;
            if (line.length() == 0 && isBlank(next)) {
                // Before a value, which may stand anywhere in its line. No field begins with a blank.
                return;
            }
            if (line.length() == 0 && (next == '{' || next == '[')) {
                beginBare(next);
            } else {
                line.add(next);
            }
        }
    }

    private static boolean isBlank(byte next) {
        return next == ' ' || next == '\t';
    }

    private void beginBare(byte opening) {
        refuseOpenData();
        value.clear();
        value.add(opening);
        end.reset();
        end.endsAt(opening);
        state = State.BARE;
    }

    /**
     * The body is over.
     *
     * @throws AnswerFault if it ended in the middle of a value
     */
    public void finish() {
        if (line.length() > 0) {
            endOfLine();
        }
        if (state != State.LINE) {
            throw new AnswerFault("the server's answer ended in the middle of a piece: " + shown(value.text(0)));
        }
    }

    /** {@return bytes of the longest line or value so far, which may not be over yet} */
    public int longest() {
        return Math.max(line.longest(), value.longest());
    }

    /** {@return the beginning of text that is no part of any of the forms, such as a page in HTML; empty if there was none} */
    public String stray() {
        return stray;
    }

    /** Nearly every line of an answer is one whole value, which is then parsed from where it lies. */
    private boolean isWholeValue() {
        if (state != State.LINE || first || !line.startsWith(DATA_FIELD)) {
            return false;
        }
        int from = DATA_FIELD.length;
        while (from < line.length() && isBlank(line.at(from))) {
            from++;
        }
        if (from == line.length() || line.at(from) != '{') {
            return false;
        }
        JsonNode tree = Trees.parseAll(line.text(from));
        if (tree == null) {
            // Of several lines perhaps, or to be refused in words.
            return false;
        }
        line.clear();
        tell(tree);
        return true;
    }

    private void endOfLine() {
        if (isWholeValue()) {
            return;
        }
        String text = line.text(0);
        line.clear();
        if (first && text.startsWith("\uFEFF")) {
            text = text.substring(1);
        }
        first = false;
        if (text.isEmpty()) {
            refuseOpenData();
            error = false;
            return;
        }
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        String field = colon < 0 ? "" : text.substring(colon + (text.startsWith(" ", colon + 1) ? 2 : 1));
        switch (name) {
            case "data" -> data(field);
            case "error" -> {
                // As older llama-servers tell it.
                error = true;
                data(field);
            }
            case "event" -> error = field.equals("error");
            case "", "id", "retry" -> {
                // A comment, or what is for a reader that connects again.
            }
            default -> stray = stray.isEmpty() ? shown(text) : stray;
        }
    }

    private void data(String field) {
        byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
        if (state == State.LINE) {
            String text = field.strip();
            if (text.isEmpty()) {
                return;
            }
            if (text.charAt(0) != '{' && text.charAt(0) != '[') {
                if (error) {
                    throw new AnswerFault("the server says: " + shown(text));
                }
                throw notJson(text);
            }
            value.clear();
            end.reset();
        } else {
            value.add((byte) '\n');
        }
        for (int i = 0; i < bytes.length; i++) {
            if (value.length() == 0 && isBlank(bytes[i])) {
                continue;
            }
            value.add(bytes[i]);
            if (end.endsAt(bytes[i])) {
                String rest = new String(bytes, i + 1, bytes.length - i - 1, StandardCharsets.UTF_8);
                if (!rest.isBlank()) {
                    throw notJson(field);
                }
                state = State.LINE;
                emit();
                return;
            }
        }
        state = State.DATA;
    }

    /** An event ends with a blank line, and a value in it should have done so before. */
    private void refuseOpenData() {
        if (state == State.DATA) {
            throw notJson(value.text(0));
        }
    }

    private void emit() {
        String text = value.text(0);
        value.clear();
        if (text.equals(DONE)) {
            pieces.accept(new Piece.Done());
            return;
        }
        JsonNode tree = Trees.parse(text);
        if (tree == null) {
            throw notJson(text);
        }
        tell(tree);
    }

    private void tell(JsonNode tree) {
        boolean wasError = error;
        error = false;
        pieces.accept(new Piece.Json(tree, wasError));
    }

    private static AnswerFault notJson(String text) {
        return new AnswerFault("the server sent a piece that is no JSON: " + shown(text));
    }

    private static String shown(String text) {
        if (text.length() <= SHOWN) {
            return text;
        }
        int cut = Character.isHighSurrogate(text.charAt(SHOWN - 1)) ? SHOWN - 1 : SHOWN;
        return text.substring(0, cut) + "...";
    }
}
