package io.llamanode.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryAccountTest {
    private final MemoryAccount account = new MemoryAccount(1000, 0.5);

    private Holding open(String owner, String peer) {
        return account.open(Kind.TASK, owner, peer);
    }

    @Test
    void anOwnerHoldsAtMostItsPartOfWhatOthersLeave() {
        Holding first = open("a", "p");
        assertNull(first.grow(500));
        assertEquals(
                "its process holds 500 bytes of the node's memory, and may not hold 1 more (500 of 1000 are held)",
                first.grow(1));
        Holding second = open("b", "q");
        assertNull(second.grow(250));
        assertNotNull(second.grow(1), "half of what the first leaves");
        Holding third = open("c", "r");
        assertNull(third.grow(125));
        assertNotNull(third.grow(1));
        assertEquals(875, account.held());
    }

    @Test
    void allHoldingsOfAnOwnerCountTogether() {
        assertNull(open("a", "p").grow(300));
        assertNull(account.open(Kind.SESSION, "a", "p").grow(200));
        assertNotNull(account.open(Kind.CALL, "a", "p").grow(1));
    }

    @Test
    void thePeersOfManyOwnersHaveAShareToo() {
        assertNull(open("a", "p").grow(500));
        assertNull(open("b", "p").grow(250));
        assertEquals(
                "the processes of its node hold 750 bytes of the node's memory, and may not hold 2 more (750 of 1000 are held)",
                open("c", "p").grow(2));
        assertNull(open("d", "another").grow(1));
    }

    /** What four processes of a BEAM hold together does not keep a fifth from a chat. */
    @Test
    void thoseWhoHoldLittleFindSomethingWhenTheirPeerHasItsShare() {
        MemoryAccount wide = new MemoryAccount(512_000, 0.5);
        assertNull(wide.open(Kind.TASK, "a", "p").grow(256_000));
        assertNull(wide.open(Kind.TASK, "b", "p").grow(128_000));
        Holding third = wide.open(Kind.TASK, "c", "p");
        assertNotNull(third.grow(1001), "more than little");
        assertNull(third.grow(1000));
        assertNotNull(third.grow(1), "it has had its little");
        for (int i = 0; i < 63; i++) {
            assertNull(wide.open(Kind.TASK, "small " + i, "p").grow(1000));
        }
        assertNotNull(wide.open(Kind.TASK, "one more", "p").grow(1), "the rest is for other peers");
        assertNull(wide.open(Kind.TASK, "one more", "q").grow(1));
    }

    @Test
    void whatIsReleasedIsThereForOthers() {
        Holding first = open("a", "p");
        assertNull(first.grow(500));
        first.release();
        assertEquals(0, account.held());
        first.release();
        assertEquals(0, account.held(), "once is enough");
        assertNull(first.grow(100), "nobody minds what an ended one asks for");
        first.set(100);
        assertEquals(0, account.held(), "and it holds nothing");
        assertNull(open("a", "p").grow(500));
    }

    @Test
    void whatIsThereAlreadyIsCountedWhateverTheShares() {
        Holding large = open("a", "p");
        large.set(900);
        assertEquals(900, large.bytes());
        assertNotNull(large.grow(1));
        large.set(100);
        assertEquals(100, account.held());
        assertNull(large.grow(400));
    }

    @Test
    void oneMayHaveAQuarterOfAll() {
        Holding one = open("a", "p");
        assertEquals(250, one.most());
        assertFalse(one.isTooMuch(250));
        assertTrue(one.isTooMuch(251));
        one.set(200);
        assertFalse(one.isTooMuch(50));
        assertTrue(one.isTooMuch(51));
    }

    @Test
    void theBalanceTellsWhoHoldsWhatAndWhatWasRefused() {
        open("a", "p").grow(100);
        account.open(Kind.SESSION, "b", "p").grow(300);
        account.open(Kind.SESSION, "b", "p").grow(300);
        for (int i = 0; i < 5; i++) {
            account.open(Kind.CALL, "small " + i, "q").grow(10 + i);
        }
        MemoryAccount.Balance balance = account.balance();
        assertEquals(1000, balance.capacity());
        assertEquals(460, balance.held());
        assertEquals(Map.of(Kind.TASK, 100L, Kind.SESSION, 300L, Kind.CALL, 60L), balance.kinds());
        assertEquals(Map.of(Kind.SESSION, 1L), balance.refused());
        assertEquals(5, balance.largest().size());
        assertEquals(new MemoryAccount.Held("b", 300), balance.largest().get(0));
        assertEquals(new MemoryAccount.Held("a", 100), balance.largest().get(1));
        assertEquals(new MemoryAccount.Held("small 4", 14), balance.largest().get(2));
    }

    /** Whatever is opened, grown, set and released, the sums are those of what is open, and everybody who is new has room. */
    @Test
    void theSumsAreThoseOfWhatIsOpen() {
        Random random = new Random(14);
        MemoryAccount large = new MemoryAccount(1_000_000, 0.5);
        List<Holding> open = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            int what = random.nextInt(4);
            if (what == 0 || open.isEmpty()) {
                String owner = "owner " + random.nextInt(50);
                open.add(large.open(Kind.values()[random.nextInt(6)], owner, "peer " + owner.length()));
            } else if (what == 1) {
                open.remove(random.nextInt(open.size())).release();
            } else if (what == 2) {
                open.get(random.nextInt(open.size())).grow(random.nextInt(50_000));
            } else {
                Holding shrunk = open.get(random.nextInt(open.size()));
                shrunk.set(shrunk.bytes() / 2);
            }
            assertTrue(large.held() < large.capacity());
            assertNull(probe(large), "a newcomer of a peer of its own finds room for a little");
        }
        Map<Object, Long> expected = new HashMap<>();
        open.forEach(holding -> expected.merge(holding.owner, holding.bytes(), Long::sum));
        long greatest =
                expected.values().stream().mapToLong(bytes -> bytes).max().orElse(0);
        assertEquals(greatest, large.balance().largest().getFirst().bytes());
        assertEquals(expected.values().stream().mapToLong(bytes -> bytes).sum(), large.held());
        open.forEach(Holding::release);
        assertEquals(0, large.held());
        assertEquals(List.of(), large.balance().largest());
    }

    private static String probe(MemoryAccount account) {
        Holding newcomer = account.open(Kind.CALL, "newcomer", "its own");
        String why = newcomer.grow((account.capacity() - account.held()) / 4);
        newcomer.release();
        return why;
    }
}
