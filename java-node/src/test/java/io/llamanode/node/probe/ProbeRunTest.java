package io.llamanode.node.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.llamanode.service.contract.ErrorCode;
import io.llamanode.service.contract.Given;
import io.llamanode.testmodel.SyntheticModels;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process does that probes, in this one. */
@Tag("native")
class ProbeRunTest {
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final CountDownLatch abandoned = new CountDownLatch(1);

    @TempDir
    private Path directory;

    private List<Sign> signs(Path model) throws IOException {
        ByteArrayOutputStream order = new ByteArrayOutputStream();
        new ProbeOrder("", Given.model("path", model, "nCtx", 64, "nParallel", 1, "nThreads", 1), null, 1)
                .write(new DataOutputStream(order));
        ProbeRun.run(new ByteArrayInputStream(order.toByteArray()), said, abandoned::countDown);
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(said.toByteArray()));
        List<Sign> signs = new ArrayList<>();
        for (Sign sign = Sign.read(in); !(sign instanceof Sign.Ended); sign = Sign.read(in)) {
            if (!(sign instanceof Sign.Moved)) {
                signs.add(sign);
            }
        }
        return signs;
    }

    @Test
    void aSoundModelIsLoadedThenComputedWithThenPasses() throws IOException {
        Path model = SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("sound.gguf"));
        assertEquals(List.of(Sign.Phase.LOADING, Sign.Phase.COMPUTING, new Sign.Passed()), signs(model));
    }

    @Test
    void aFileThatIsRefusedIsNotComputedWith() throws IOException {
        List<Sign> signs = signs(directory.resolve("none.gguf"));
        assertEquals(2, signs.size());
        Sign.Refused refused = assertInstanceOf(Sign.Refused.class, signs.getLast());
        assertEquals(ErrorCode.MODEL_LOAD_FAILED, refused.failure().code());
    }

    @Test
    void itNoticesWhenTheOtherSideIsGone() throws Exception {
        Path model = SyntheticModels.write(SyntheticModels.tiny(), directory.resolve("sound.gguf"));
        signs(model);
        assertTrue(abandoned.await(60, TimeUnit.SECONDS));
        assertThrows(EOFException.class, () -> ProbeRun.run(InputStream.nullInputStream(), said, () -> {}));
    }
}
