package io.llamanode.transport;

import static io.llamanode.transport.HeldNode.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.account.HeapGrowth;
import io.llamanode.account.MemoryAccount;
import io.llamanode.term.TermLimits;
import io.llamanode.transport.mailbox.Budget;
import io.llamanode.transport.mailbox.Dispatcher;
import io.llamanode.transport.mailbox.From;
import io.llamanode.transport.mailbox.MailboxHandler;
import io.llamanode.transport.mailbox.Receiver;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What has arrived and waits to be handled, in the account and on the heap. */
class WaitingMessagesHeapTest {
    private static final long GROWTH = 20 << 20;

    private final AtomicInteger handled = new AtomicInteger();
    private final MailboxHandler handler = new MailboxHandler() {
        @Override
        public void onCall(From from, OtpErlangObject request) {
            handled.incrementAndGet();
        }

        @Override
        public void onBadCall(From from, String reason) {
            throw new AssertionError(reason);
        }

        @Override
        public void onCast(OtpErlangObject request) {
            throw new AssertionError(request);
        }
    };

    @ParameterizedTest
    @ValueSource(ints = {1, 500, 20_000})
    void messagesThatWaitCountAsWhatTheyTake(int characters) {
        MemoryAccount account = new MemoryAccount(1L << 29, 1);
        Budget budget = new Budget(1L << 29);
        budget.showIn(account);
        Dispatcher dispatcher = new Dispatcher("test", budget);
        Dispatcher.Source source = dispatcher.source("a@b");
        Receiver receiver = new Receiver(dispatcher, TermLimits.DEFAULT, new LongAdder());
        byte[] call = TestTerms.call(request("count_tokens", "x".repeat(characters)));
        int count = (int) (GROWTH / (call.length + 200));
        long before = HeapGrowth.used();
        for (int i = 0; i < count; i++) {
            assertTrue(receiver.receiveRequest(source, call.clone(), handler));
        }
        long grown = HeapGrowth.used() - before;
        long held = account.held();
        assertTrue(grown > GROWTH / 2, () -> "grown by " + grown);
        assertTrue(held >= 0.8 * grown, () -> "the heap has grown by " + grown + ", the account holds " + held);
        dispatcher.start();
        dispatcher.close();
        assertEquals(count, handled.get());
        assertEquals(0, account.held());
    }
}
