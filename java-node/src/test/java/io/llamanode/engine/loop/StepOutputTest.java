package io.llamanode.engine.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StepOutputTest {
    private final List<String> done = new ArrayList<>();
    private final Runnable flush = () -> done.add("flush");
    private final Runnable other = () -> done.add("other");

    @Test
    void onceForAllThatIsHandedOutTogether() {
        StepOutput.hand(() -> {
            for (int i = 0; i < 3; i++) {
                done.add("token");
                StepOutput.afterwards(flush);
            }
            StepOutput.afterwards(other);
        });
        assertEquals(List.of("token", "token", "token", "flush", "other"), done);
    }

    @Test
    void atOnceWhereNothingIsHandedOut() {
        StepOutput.afterwards(flush);
        StepOutput.afterwards(flush);
        assertEquals(List.of("flush", "flush"), done);
    }

    @Test
    void alsoIfAListenerThrows() {
        assertThrows(
                IllegalStateException.class,
                () -> StepOutput.hand(() -> {
                    StepOutput.afterwards(flush);
                    throw new IllegalStateException();
                }));
        assertEquals(List.of("flush"), done);
        StepOutput.afterwards(other);
        assertEquals(List.of("flush", "other"), done, "the step is over");
    }
}
