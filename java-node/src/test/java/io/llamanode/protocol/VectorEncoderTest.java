package io.llamanode.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.ericsson.otp.erlang.OtpErlangBinary;
import com.ericsson.otp.erlang.OtpErlangList;
import com.ericsson.otp.erlang.OtpErlangMap;
import com.ericsson.otp.erlang.OtpErlangObject;
import io.llamanode.service.contract.task.EmbeddingResult;
import io.llamanode.service.contract.task.GenerationResult.Usage;
import io.llamanode.service.contract.task.RankingResult;
import io.llamanode.service.contract.task.TaskInput.Encoding;
import io.llamanode.service.contract.task.TaskInput.Pooling;
import io.llamanode.term.Terms;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What docs/protocol.md, section 3, says of vectors and scores. */
class VectorEncoderTest {
    private static final Usage USAGE = new Usage(7, 2, 3);

    private static OtpErlangMap embedding(Pooling pooling, Encoding encoding, float[]... vectors) {
        return VectorEncoder.embedding(new EmbeddingResult(
                5, "m", List.of(vectors), 2, pooling, encoding, USAGE, 1.5, 250, 1_700_000_000_000L));
    }

    private static OtpErlangObject of(OtpErlangMap map, String key) {
        return map.get(Terms.atom(key));
    }

    private static String shown(OtpErlangMap map, String key) {
        return of(map, key).toString();
    }

    @Test
    void aTextHasOneVectorAndATextOfTokensOneForEach() {
        assertEquals(
                "[[1.0,2.0],[3.0,4.0]]",
                shown(embedding(Pooling.MEAN, Encoding.FLOAT, new float[] {1, 2}, new float[] {3, 4}), "embeddings"));
        assertEquals(
                "[[[1.0,2.0],[3.0,4.0]],[[5.0,6.0]]]",
                shown(
                        embedding(Pooling.NONE, Encoding.FLOAT, new float[] {1, 2, 3, 4}, new float[] {5, 6}),
                        "embeddings"));
    }

    @Test
    void aBinaryHasFloatsOfFourBytesTheLowestFirst() {
        ByteBuffer bytes = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(3)
                .putFloat(4);
        OtpErlangList all =
                (OtpErlangList) of(embedding(Pooling.NONE, Encoding.BINARY, new float[] {1, 2, 3, 4}), "embeddings");
        assertEquals(new OtpErlangBinary(bytes.array()), ((OtpErlangList) all.elementAt(0)).elementAt(1));
    }

    @Test
    void base64IsThoseBytesAsText() {
        OtpErlangList all =
                (OtpErlangList) of(embedding(Pooling.MEAN, Encoding.BASE64, new float[] {3, 4}), "embeddings");
        assertEquals(new OtpErlangBinary("AABAQAAAgEA=".getBytes(StandardCharsets.US_ASCII)), all.elementAt(0));
    }

    @Test
    void anEmbeddingSaysWhatItCost() {
        OtpErlangMap map = embedding(Pooling.CLS, Encoding.FLOAT, new float[] {1, 2});
        assertEquals("2", shown(map, "dimensions"));
        assertEquals("cls", shown(map, "pooling"));
        assertEquals("5", shown(map, "task_id"));
        OtpErlangMap usage = (OtpErlangMap) of(map, "usage");
        assertEquals(
                List.of("7", "2", "9", "3"),
                List.of(
                        shown(usage, "prompt_tokens"),
                        shown(usage, "completion_tokens"),
                        shown(usage, "total_tokens"),
                        shown(usage, "cached_tokens")));
    }

    /** A rate is known only where time has passed. */
    @ParameterizedTest
    @CsvSource({"250, 28.0", "0, 0.0", "-1, 0.0"})
    void aRateIsOfTokensASecond(double computeMs, String rate) {
        OtpErlangMap timings = (OtpErlangMap) of(
                VectorEncoder.ranking(new RankingResult(5, "m", new float[0], List.of(), USAGE, 1.5, computeMs, 0)),
                "timings");
        assertEquals(rate, shown(timings, "prompt_per_second"));
        assertEquals("1.5", shown(timings, "queue_ms"));
    }

    @Test
    void aRankingHasTheBestInTheirOrderAndTheScoresInThatOfTheTexts() {
        OtpErlangMap map = VectorEncoder.ranking(new RankingResult(
                5, "m", new float[] {0.25f, 1, -2}, List.of(1, 0), USAGE, 1.5, 250, 1_700_000_000_000L));
        assertEquals("[0.25,1.0,-2.0]", shown(map, "scores"));
        OtpErlangList best = (OtpErlangList) of(map, "results");
        assertEquals(2, best.arity());
        assertEquals("1", shown((OtpErlangMap) best.elementAt(0), "index"));
        assertEquals("0.25", shown((OtpErlangMap) best.elementAt(1), "score"));
    }
}
