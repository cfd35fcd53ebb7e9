package io.llamanode.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.account.MemoryAccount;
import io.llamanode.account.MemoryAccount.Kind;
import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Failure;
import io.llamanode.service.contract.FailureException;
import io.llamanode.service.contract.Given;
import io.llamanode.service.contract.task.ChatOptions;
import io.llamanode.service.contract.task.GenerationOptions;
import io.llamanode.service.contract.task.GenerationResult;
import io.llamanode.service.contract.task.GenerationResult.FinishReason;
import io.llamanode.service.contract.task.GenerationResult.StoppedBy;
import io.llamanode.service.contract.task.OutputFormat;
import io.llamanode.service.contract.task.SessionConfig;
import io.llamanode.service.contract.task.TaskInput;
import io.llamanode.service.contract.task.TemplateChoice;
import io.llamanode.service.contract.task.TokenText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What sessions, tasks and results hold of the node's memory, and who is refused when there is little left. */
class ServiceMemoryTest extends ServiceFixture {
    private static final int CAPACITY = 1 << 20;
    private final MemoryAccount account = new MemoryAccount(CAPACITY, 0.5);
    private int mostSessions = 100_000;
    private final Process bystander = new Process("bystander");

    @Override
    MemoryAccount account() {
        return account;
    }

    @Override
    int ownerShare() {
        return 50;
    }

    @Override
    int maxSessions() {
        return mostSessions;
    }

    @Override
    int maxTasks() {
        return 100_000;
    }

    @Override
    int maxQueue() {
        return 100_000;
    }

    private static SessionConfig stops(int characters) {
        return new SessionConfig(null, null, Given.options("stop", List.of("x".repeat(characters))));
    }

    private void close(long session) {
        Answer<Void> closed = new Answer<>();
        service.sessions().close(session, closed);
        closed.value();
    }

    private static Failure refusal(Executable call) {
        return assertThrows(FailureException.class, call).failure();
    }

    @Test
    void sessionsAreRefusedToWhoHoldsHalfAndOpenedForOthers() {
        List<Long> open = new ArrayList<>();
        Failure refused = null;
        while (refused == null) {
            try {
                open.add(service.sessions().create(me, stops(10_000)));
            } catch (FailureException e) {
                refused = e.failure();
            }
        }
        assertEquals(ErrorCode.SERVER_BUSY, refused.code());
        assertTrue(refused.message().startsWith("its process holds "), refused.message());
        assertTrue(account.held() > CAPACITY / 3 && account.held() <= CAPACITY / 2, () -> "held " + account.held());
        assertEquals(
                refused.code(),
                refusal(() -> service.sessions().fork(me, open.getFirst())).code());
        long other = service.sessions().create(bystander, stops(10_000));
        close(other);
        close(open.removeLast());
        open.add(service.sessions().create(me, stops(10_000)));
        open.forEach(this::close);
        assertEquals(0, account.held());
    }

    @Test
    void noOwnerHasMoreThanItsShareOfTheSessions() {
        service.close();
        mostSessions = 5;
        service = service(maxTasks(), 60_000);
        for (int i = 0; i < 3; i++) {
            session();
        }
        assertEquals(
                new Failure(ErrorCode.SERVER_BUSY, "the process has 3 sessions; the rest are for others (owner_share)"),
                refusal(this::session));
        service.sessions().create(bystander, stops(1));
        service.sessions().create(bystander, stops(1));
        assertEquals(
                "5 sessions are open, which is the limit",
                refusal(this::session).message());
    }

    static Stream<Arguments> largeOptions() {
        Map<Integer, Float> biases = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            biases.put(i, 1f);
        }
        List<Object> empty = Collections.nCopies(10_000, List.of());
        List<String> texts = Collections.nCopies(1000, "x".repeat(300));
        return Stream.of(
                Arguments.of("logit_bias", new SessionConfig(null, null, Given.options("logitBias", biases))),
                Arguments.of("stop", new SessionConfig(null, null, Given.options("stop", texts))),
                Arguments.of(
                        "grammar",
                        new SessionConfig(
                                null, null, Given.options("format", new OutputFormat.Gbnf("x".repeat(300_000))))),
                Arguments.of(
                        "json_schema",
                        new SessionConfig(
                                null,
                                null,
                                Given.options("format", new OutputFormat.Json("json_schema", "x".repeat(300_000))))),
                Arguments.of("chat_template_kwargs", chat(null, null, Map.of("a", empty))),
                Arguments.of("tools", chat(List.of(Map.of("a", empty)), null, null)),
                Arguments.of("chat_template", chat(null, new TemplateChoice.Source("x".repeat(300_000)), null)));
    }

    private static SessionConfig chat(
            List<Map<String, Object>> tools, TemplateChoice template, Map<String, Object> variables) {
        return new SessionConfig(
                null, null, GenerationOptions.NONE, new ChatOptions(tools, null, null, template, variables, null));
    }

    @ParameterizedTest
    @MethodSource("largeOptions")
    void aSessionThatTakesTooMuchAloneIsToldWhichKey(String key, SessionConfig config) {
        Failure failure = refusal(() -> service.sessions().create(me, config));
        assertEquals(ErrorCode.OUT_OF_MEMORY, failure.code());
        assertTrue(failure.message().startsWith(key + ": the request takes "), failure.message());
        assertEquals(0, account.held());
    }

    @ParameterizedTest
    @MethodSource("largeOptions")
    void aTaskThatTakesTooMuchAloneIsToldWhichKey(String key, SessionConfig config) {
        TaskInput input = new TaskInput.Chat(null, null, "hello", null, config.chat(), config.defaults());
        Answer<Long> refused = create(session(), input);
        assertEquals(ErrorCode.OUT_OF_MEMORY, refused.error());
        assertTrue(refused.message().startsWith(key + ": the request takes "), refused.message());
    }

    @Test
    void checkpointsHoldWhatTheyKeepUntilTheyAreForgotten() {
        long session = session();
        long bare = account.held();
        result(create(session, turn("hello ".repeat(20), options(2, null))).value(), -1)
                .value();
        long once = account.held();
        assertTrue(once > bare, "the conversation is held");
        service.sessions().checkpoint(session);
        assertEquals(once - bare, account.held() - once, "as much as the conversation");
        service.sessions().rewind(session, 0);
        assertEquals(bare, account.held());
        close(session);
        assertEquals(0, account.held());
    }

    @Test
    void waitingTasksAreRefusedToWhoHoldsHalfAndAcceptedOfOthers() {
        CountDownLatch released = new CountDownLatch(1);
        model.model.whileExecuting = plan -> await(released);
        long session = session();
        List<Answer<Long>> created = new ArrayList<>();
        TaskInput input = completion("a", Given.options("stop", List.of("x".repeat(10_000)), "maxTokens", 1));
        do {
            created.add(create(session, input));
        } while (created.getLast().isOk());
        assertEquals(ErrorCode.SERVER_BUSY, created.getLast().error());
        assertTrue(created.size() > 10, "accepted: " + created.size());
        Answer<Long> other = new Answer<>();
        service.createTask(bystander, service.sessions().create(bystander, stops(1)), input, other);
        assertTrue(other.isOk());
        released.countDown();
        for (Answer<Long> task : created.subList(0, created.size() - 1)) {
            result(task.value(), -1).isOk();
        }
        Answer<GenerationResult> last = new Answer<>();
        service.getResult(bystander, other.value(), -1, generated(last));
        last.value();
        assertTrue(create(session, input).isOk(), "there is room again");
    }

    @Test
    void anAnswerThatGrowsTooLargeEndsWithWhatThereIs() {
        GenerationOptions many =
                Given.options("maxTokens", 1_000_000, "temperature", 0f, "alternatives", 20, "contextShift", true);
        GenerationResult result =
                result(create(session(), completion("a", many)).value(), -1).value();
        assertEquals(FinishReason.LENGTH, result.finishReason());
        assertEquals(StoppedBy.MEMORY, result.stoppedBy());
        assertFalse(result.content().isEmpty());
        assertNotNull(result.logprobs());
        assertEquals(result.usage().completionTokens(), result.logprobs().size());
        GenerationResult next = result(
                        create(session(), completion("a", options(3, null))).value(), -1)
                .value();
        assertEquals(StoppedBy.LIMIT, next.stoppedBy(), "and the next one has room");
    }

    @Test
    void anAnswerEndsWithWhatThereIsWhenItsOwnerHoldsTooMuch() {
        long session = session();
        account.open(Kind.CALL, me, me.peer()).set(CAPACITY / 2 - 20_000);
        GenerationOptions many = Given.options("maxTokens", 1_000_000, "temperature", 0f, "contextShift", true);
        GenerationResult result =
                result(create(session, completion("a", many)).value(), -1).value();
        assertEquals(StoppedBy.MEMORY, result.stoppedBy());
    }

    @Test
    void resultsAreHeldUntilTheyAreCollected() {
        long session = session();
        long bare = account.held();
        List<Long> tasks = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            long task = create(session, completion("a", options(20, null))).value();
            Answer<GenerationResult> seen = result(task, -1);
            seen.value();
            tasks.add(create(session, completion("a", options(20, null))).value());
        }
        // The last of all: what came before it has ended.
        CountDownLatch ended = new CountDownLatch(1);
        service.drain(ended::countDown);
        await(ended);
        assertTrue(account.balance().kinds().get(Kind.RESULT) > 0);
        tasks.forEach(task -> result(task, -1));
        assertEquals(bare, account.held());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatIsTokenizedIsHeldUntilItIsAnswered() {
        Answer<int[]> tokens = new Answer<>();
        service.models().tokenize(me, new TokenText(null, "x".repeat(10_000), false, false), tokens);
        tokens.value();
        assertEquals(
                ErrorCode.OUT_OF_MEMORY,
                refusal(() -> service.models()
                                .tokenize(me, new TokenText(null, "x".repeat(300_000), false, false), new Answer<>()))
                        .code());
        account.open(Kind.CALL, me, me.peer()).set(CAPACITY / 2);
        assertEquals(
                ErrorCode.SERVER_BUSY,
                refusal(() -> service.models()
                                .tokenize(me, new TokenText(null, "x".repeat(1000), false, false), new Answer<>()))
                        .code());
        Answer<Integer> count = new Answer<>();
        service.models().countTokens(bystander, new TokenText(null, "x".repeat(1000), false, false), count);
        assertTrue(count.value() > 0);
    }

    @Test
    void theStatusTellsWhoHoldsWhat() {
        service.sessions().create(me, stops(10_000));
        service.sessions().create(bystander, stops(100));
        refusal(() -> service.sessions().create(bystander, stops(300_000)));
        var told = service.status().account();
        assertEquals(CAPACITY, told.capacityBytes());
        assertEquals(account.held(), told.heldBytes());
        assertEquals(account.held(), told.held().get("session"));
        assertEquals(0, told.held().get("task"));
        assertEquals(1, told.refused().get("session"));
        assertEquals("Process[name=me]", told.largest().getFirst().owner());
        assertEquals(2, told.largest().size());
    }
}
