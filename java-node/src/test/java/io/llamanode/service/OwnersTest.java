package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.llamanode.service.contract.Owner;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OwnersTest {
    private record Process(String name) implements Owner {}

    private static final Process A = new Process("a");
    private static final Process B = new Process("b");

    private final List<String> watches = new ArrayList<>();
    private final List<Runnable> downs = new ArrayList<>();
    private final List<Owner> gone = new ArrayList<>();
    private final Owners owners = new Owners(
            (owner, down) -> {
                watches.add("+" + ((Process) owner).name());
                downs.add(down);
                return () -> watches.add("-" + ((Process) owner).name());
            },
            gone::add);

    @Test
    void aProcessIsWatchedOnceWhileItOwnsSomething() {
        owners.add(A, "first");
        owners.add(A, "second");
        owners.add(B, "third");
        assertEquals(List.of("+a", "+b"), watches);
        owners.remove(A, "first");
        assertEquals(List.of("+a", "+b"), watches);
        owners.remove(A, "second");
        assertEquals(List.of("+a", "+b", "-a"), watches);
        owners.add(A, "again");
        assertEquals(List.of("+a", "+b", "-a", "+a"), watches);
    }

    @Test
    void whatIsNotOwnedIsRemovedFromNobody() {
        owners.remove(A, "first");
        owners.add(A, "first");
        owners.remove(A, "another");
        owners.remove(B, "first");
        assertEquals(List.of("+a"), watches);
        assertEquals(Set.of("first"), owners.takeAll(A));
    }

    @Test
    void theEndOfAProcessIsToldWithItsName() {
        owners.add(A, "first");
        owners.add(B, "second");
        downs.get(1).run();
        assertEquals(List.of(B), gone);
    }

    @Test
    void whatAProcessOwnedIsTakenOnce() {
        owners.add(A, "first");
        owners.add(A, "second");
        assertEquals(Set.of("first", "second"), owners.takeAll(A));
        assertEquals(Set.of(), owners.takeAll(A));
        owners.remove(A, "first");
        assertEquals(List.of("+a"), watches, "a watch that has come to its end is not ended");
    }
}
