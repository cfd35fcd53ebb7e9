package io.llamanode.llama.functions;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.CallSite;
import java.lang.invoke.ConstantCallSite;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Implements interfaces by method handles that are made when they are first called. Each method of the generated class
 * is one {@code invokedynamic} instruction: to the compiler, the handle behind it is a constant, as one in a static
 * final field would be, though several libraries may be loaded.
 */
final class LazyCalls {

    private static final ClassDesc SELF = ClassDesc.of(LazyCalls.class.getName());
    private static final DirectMethodHandleDesc LINK = MethodHandleDesc.ofMethod(
            DirectMethodHandleDesc.Kind.STATIC,
            SELF,
            "link",
            MethodTypeDesc.of(
                    ConstantDescs.CD_CallSite,
                    ConstantDescs.CD_MethodHandles_Lookup,
                    ConstantDescs.CD_String,
                    ConstantDescs.CD_MethodType));

    private LazyCalls() {}

    /** What a method calls, and how its handle is made. */
    record Target(Method method, Supplier<MethodHandle> linker) {}

    /** Methods may share a name. */
    static String key(Method method) {
        return key(method.getName(), MethodType.methodType(method.getReturnType(), method.getParameterTypes()));
    }

    private static String key(String name, MethodType type) {
        return name + type.toMethodDescriptorString();
    }

    static <T> T implement(Class<T> type, Map<String, Target> targets) {
        try {
            MethodHandles.Lookup generated = MethodHandles.lookup()
                    .defineHiddenClassWithClassData(bytes(type, targets), Map.copyOf(targets), true);
            Constructor<?> constructor = generated.lookupClass().getDeclaredConstructor();
            return type.cast(constructor.newInstance());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " cannot be implemented", e);
        }
    }

    private static byte[] bytes(Class<?> type, Map<String, Target> targets) {
        ClassDesc name = ClassDesc.of(LazyCalls.class.getPackageName(), type.getSimpleName() + "Calls");
        return ClassFile.of().build(name, builder -> {
            builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER | ClassFile.ACC_SYNTHETIC)
                    .withInterfaceSymbols(type.describeConstable().orElseThrow())
                    .withMethodBody(
                            ConstantDescs.INIT_NAME,
                            ConstantDescs.MTD_void,
                            0,
                            code -> code.aload(0)
                                    .invokespecial(
                                            ConstantDescs.CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                                    .return_());
            for (Target target : targets.values()) {
                Method method = target.method();
                MethodTypeDesc signature = MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                        .describeConstable()
                        .orElseThrow();
                builder.withMethodBody(
                        method.getName(), signature, ClassFile.ACC_PUBLIC, code -> call(code, method, signature));
            }
        });
    }

    private static void call(CodeBuilder code, Method method, MethodTypeDesc signature) {
        for (int i = 0; i < signature.parameterCount(); i++) {
            code.loadLocal(TypeKind.from(signature.parameterType(i)), code.parameterSlot(i));
        }
        code.invokedynamic(DynamicCallSiteDesc.of(LINK, method.getName(), signature))
                .return_(TypeKind.from(signature.returnType()));
    }

    /** Called by the virtual machine at the first call of a generated method. */
    static CallSite link(MethodHandles.Lookup caller, String name, MethodType type) throws IllegalAccessException {
        Map<?, ?> targets = MethodHandles.classData(caller, ConstantDescs.DEFAULT_NAME, Map.class);
        Target target = (Target) Objects.requireNonNull(targets.get(key(name, type)));
        return new ConstantCallSite(target.linker().get());
    }
}
