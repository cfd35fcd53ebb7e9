package io.llamanode.transport.mailbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BudgetTest {
    private static final long LIMIT = 16 << 20;

    private final Budget budget = new Budget(LIMIT);

    @Test
    void oneAloneMayHoldAHalf() {
        Budget.Share share = budget.share("peer");
        assertEquals(LIMIT / 2, budget.most());
        assertTrue(share.tryCharge(LIMIT / 2));
        assertFalse(share.isOver());
        assertFalse(share.tryCharge(1));
        assertEquals(LIMIT / 2, share.held(), "what was refused is not counted");
        share.charge(1);
        assertTrue(share.isOver());
        share.release(1);
        assertFalse(share.isOver());
        assertEquals(LIMIT / 2, budget.held());
    }

    @Test
    void newcomersFindSomethingHoweverManyThereAre() {
        long before = LIMIT;
        for (int i = 0; i < 20; i++) {
            Budget.Share share = budget.share("peer");
            while (share.tryCharge(64 << 10)) {
                continue;
            }
            assertTrue(share.held() >= Budget.FLOOR, "share " + i + ": " + share.held());
            assertTrue(share.held() <= before);
            before = share.held();
        }
        assertTrue(budget.held() <= LIMIT + 20 * Budget.FLOOR, "held: " + budget.held());
    }

    @Test
    void whoHasTheMostIsOverWhenOthersCome() {
        Budget.Share first = budget.share("peer");
        first.charge(LIMIT / 2);
        Budget.Share second = budget.share("peer");
        second.charge(LIMIT / 8);
        assertTrue(first.isOver());
        assertFalse(second.isOver());
        second.release(LIMIT / 8);
        assertFalse(first.isOver());
    }

    /** What is small comes and goes without a word; what is large is there until it is gone. */
    @Test
    void theAccountShowsWhatIsHeldForAPeer() {
        MemoryAccount account = new MemoryAccount(1 << 30, 0.5);
        budget.showIn(account);
        Budget.Share share = budget.share("a@b");
        share.charge(1000);
        assertEquals(0, account.held());
        share.charge(1 << 20);
        assertEquals((1 << 20) + 1000, account.held());
        MemoryAccount.Balance balance = account.balance();
        assertEquals(List.of(new MemoryAccount.Held("the connection of a@b", (1 << 20) + 1000)), balance.largest());
        share.release(1 << 20);
        assertEquals(1000, account.held());
        share.release(1000);
        assertEquals(0, account.held());
    }

    /** The last of the account is not for what cannot be refused. */
    @Test
    void whoHoldsMuchOfTheAccountBesideIsOverSoonerButForALittle() {
        MemoryAccount account = new MemoryAccount(LIMIT, 0.5);
        budget.showIn(account);
        Budget.Share share = budget.share("a@b");
        Budget.Share other = budget.share("c@d");
        account.open(MemoryAccount.Kind.CALL, "process", "a@b").set(LIMIT * 3 / 4);
        assertTrue(share.tryCharge(Budget.FLOOR));
        assertFalse(share.tryCharge(LIMIT / 15));
        assertEquals(Budget.FLOOR, share.held());
        assertFalse(budget.isFull());
        assertTrue(other.tryCharge(LIMIT / 15), "it is the fault of another peer");
        assertTrue(budget.isFull());
    }

    @Test
    void aLittleIsAlwaysAllowed() {
        Budget.Share first = budget.share("peer");
        first.charge(10 * LIMIT);
        Budget.Share second = budget.share("peer");
        assertTrue(second.tryCharge(Budget.FLOOR));
        assertFalse(second.tryCharge(1));
    }
}
