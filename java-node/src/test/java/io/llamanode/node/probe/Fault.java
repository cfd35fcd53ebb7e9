package io.llamanode.node.probe;

import java.io.DataInputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** A process that probes in which native code reads where nothing is. */
final class Fault {
    private Fault() {}

    public static void main(String[] arguments) throws Throwable {
        ProbeOrder.read(new DataInputStream(System.in));
        System.out.print('L');
        System.out.flush();
        Linker linker = Linker.nativeLinker();
        MethodHandle length = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("strlen"),
                FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
        System.out.println((long) length.invokeExact(MemorySegment.ofAddress(8)));
    }
}
