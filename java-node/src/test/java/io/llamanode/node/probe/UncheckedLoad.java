package io.llamanode.node.probe;

import io.llamanode.llama.library.LlamaLibrary;
import java.io.DataInputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A process that probes without looking at the file before: what a file would be that no check has thought of. */
final class UncheckedLoad {
    private UncheckedLoad() {}

    public static void main(String[] arguments) throws Exception {
        ProbeOrder order = ProbeOrder.read(new DataInputStream(System.in));
        LlamaLibrary library =
                order.library().isEmpty() ? LlamaLibrary.embedded() : LlamaLibrary.at(Path.of(order.library()));
        System.out.print('L');
        System.out.flush();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameters = library.models.modelDefaultParams(arena);
            library.models.modelLoad(arena.allocateFrom(order.model().path().toString()), parameters);
        }
        System.out.print('P');
        System.out.flush();
    }
}
