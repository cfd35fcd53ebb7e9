package io.llamanode.node.probe;

import io.llamanode.service.contract.model.FlashAttention;
import io.llamanode.service.contract.model.ModelConfig;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a process that probes is to do: the first thing it reads. For any thread.
 *
 * @param library file of the llama.cpp to use; empty: the one in the jar
 * @param model how the model is loaded; only what {@link ModelConfig#forProbe} keeps counts
 * @param adapter to be loaded with it, or {@code null}
 * @param signMs how often it shows that it gets on, in milliseconds
 */
record ProbeOrder(
        String library, ModelConfig model, @Nullable Path adapter, long signMs) {
    void write(DataOutputStream out) throws IOException {
        out.writeUTF(library);
        out.writeUTF(model.path().toString());
        for (Integer number : new Integer[] {
            model.nCtx(),
            model.nParallel(),
            model.nBatch(),
            model.nUbatch(),
            model.nThreads(),
            model.nThreadsBatch(),
            model.nGpuLayers()
        }) {
            out.writeBoolean(number != null);
            out.writeInt(number == null ? 0 : number);
        }
        for (Boolean flag : new Boolean[] {model.useMmap(), model.vocabOnly(), model.checkTensors()}) {
            out.writeBoolean(flag != null);
            out.writeBoolean(Boolean.TRUE.equals(flag));
        }
        out.writeUTF(model.flashAttn() == null ? "" : model.flashAttn().name());
        out.writeUTF(adapter == null ? "" : adapter.toString());
        out.writeLong(signMs);
        out.flush();
    }

    static ProbeOrder read(DataInputStream in) throws IOException {
        String library = in.readUTF();
        Path path = Path.of(in.readUTF());
        Integer nCtx = number(in);
        Integer nParallel = number(in);
        Integer nBatch = number(in);
        Integer nUbatch = number(in);
        Integer nThreads = number(in);
        Integer nThreadsBatch = number(in);
        Integer nGpuLayers = number(in);
        Boolean useMmap = flag(in);
        Boolean vocabOnly = flag(in);
        Boolean checkTensors = flag(in);
        String flashAttn = in.readUTF();
        ModelConfig model = ModelConfig.forProbe(
                path,
                nCtx,
                nParallel,
                nBatch,
                nUbatch,
                nThreads,
                nThreadsBatch,
                useMmap,
                nGpuLayers,
                vocabOnly,
                checkTensors,
                flashAttn.isEmpty() ? null : FlashAttention.valueOf(flashAttn));
        String adapter = in.readUTF();
        return new ProbeOrder(library, model, adapter.isEmpty() ? null : Path.of(adapter), in.readLong());
    }

    private static @Nullable Integer number(DataInputStream in) throws IOException {
        boolean given = in.readBoolean();
        int number = in.readInt();
        return given ? (Integer) number : null;
    }

    private static @Nullable Boolean flag(DataInputStream in) throws IOException {
        boolean given = in.readBoolean();
        boolean flag = in.readBoolean();
        return given ? (Boolean) flag : null;
    }
}
