package io.llamanode.llama.functions;

import static io.llamanode.llama.functions.NativeFunctions.unexpected;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandles;

/** The functions of llama.h on models and on the library itself. */
public final class ModelFunctions {

    private final NativeFunction backendInit;
    private final NativeFunction systemInfo;
    private final NativeFunction logSet;
    private final NativeFunction modelDefaultParams;
    private final NativeFunction contextDefaultParams;
    private final NativeFunction modelLoad;
    private final NativeFunction modelFree;
    private final NativeFunction contextInit;
    private final NativeFunction modelVocab;
    private final NativeFunction modelNCtxTrain;
    private final NativeFunction modelNEmbd;
    private final NativeFunction modelEmbeddingWidth;
    private final NativeFunction modelNLayer;
    private final NativeFunction modelSize;
    private final NativeFunction modelNParams;
    private final NativeFunction modelDesc;
    private final NativeFunction modelMetaCount;
    private final NativeFunction modelMetaKey;
    private final NativeFunction modelMetaValue;
    private final NativeFunction modelHasEncoder;
    private final NativeFunction modelHasDecoder;
    private final NativeFunction modelDecoderStart;
    private final NativeFunction modelIsRecurrent;
    private final NativeFunction modelIsHybrid;
    private final NativeFunction modelRopeType;
    private final NativeFunction chatTemplate;

    public ModelFunctions(NativeFunctions f, ReleaseApi generation) {
        backendInit = f.function("llama_backend_init", FunctionDescriptor.ofVoid());
        systemInfo = f.function("llama_print_system_info", FunctionDescriptor.of(ADDRESS));
        logSet = f.function("llama_log_set", FunctionDescriptor.ofVoid(ADDRESS, ADDRESS));
        modelDefaultParams = f.function("llama_model_default_params", FunctionDescriptor.of(StructTable.UNKNOWN));
        contextDefaultParams = f.function("llama_context_default_params", FunctionDescriptor.of(StructTable.UNKNOWN));
        modelLoad = f.function(
                "llama_model_load_from_file",
                FunctionDescriptor.of(ADDRESS, ADDRESS, generation.modelParams().layout()));
        modelFree = f.function("llama_model_free", FunctionDescriptor.ofVoid(ADDRESS));
        contextInit = f.function(
                "llama_init_from_model",
                FunctionDescriptor.of(
                        ADDRESS, ADDRESS, generation.contextParams().layout()));
        modelVocab = f.getter("llama_model_get_vocab", FunctionDescriptor.of(ADDRESS, ADDRESS));
        modelNCtxTrain = f.getter("llama_model_n_ctx_train", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        modelNEmbd = f.getter("llama_model_n_embd", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        modelEmbeddingWidth = f.getter(generation.embeddingWidthFunction(), FunctionDescriptor.of(JAVA_INT, ADDRESS));
        modelNLayer = f.getter("llama_model_n_layer", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        modelSize = f.function("llama_model_size", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
        modelNParams = f.function("llama_model_n_params", FunctionDescriptor.of(JAVA_LONG, ADDRESS));
        modelDesc = f.function("llama_model_desc", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG));
        modelMetaCount = f.getter("llama_model_meta_count", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        modelMetaKey = f.function(
                "llama_model_meta_key_by_index",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));
        modelMetaValue = f.function(
                "llama_model_meta_val_str_by_index",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_LONG));
        modelHasEncoder = f.getter("llama_model_has_encoder", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
        modelHasDecoder = f.getter("llama_model_has_decoder", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
        modelDecoderStart = f.getter("llama_model_decoder_start_token", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        modelIsRecurrent = f.getter("llama_model_is_recurrent", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
        modelIsHybrid = f.find("llama_model_is_hybrid").isPresent()
                ? f.getter("llama_model_is_hybrid", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS))
                : new NativeFunction(() -> MethodHandles.dropArguments(
                        MethodHandles.constant(boolean.class, false), 0, MemorySegment.class));
        modelRopeType = f.getter("llama_model_rope_type", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        chatTemplate = f.function("llama_model_chat_template", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    }

    public void backendInit() {
        try {
            backendInit.handle().invokeExact();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment systemInfo() {
        try {
            return (MemorySegment) systemInfo.handle().invokeExact();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void logSet(MemorySegment callback, MemorySegment userData) {
        try {
            logSet.handle().invokeExact(callback, userData);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment modelDefaultParams(SegmentAllocator allocator) {
        try {
            return (MemorySegment) modelDefaultParams.handle().invokeExact(allocator);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment contextDefaultParams(SegmentAllocator allocator) {
        try {
            return (MemorySegment) contextDefaultParams.handle().invokeExact(allocator);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment modelLoad(MemorySegment path, MemorySegment params) {
        try {
            return (MemorySegment) modelLoad.handle().invokeExact(path, params);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public void modelFree(MemorySegment model) {
        try {
            modelFree.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment contextInit(MemorySegment model, MemorySegment params) {
        try {
            return (MemorySegment) contextInit.handle().invokeExact(model, params);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment modelVocab(MemorySegment model) {
        try {
            return (MemorySegment) modelVocab.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelNCtxTrain(MemorySegment model) {
        try {
            return (int) modelNCtxTrain.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelNEmbd(MemorySegment model) {
        try {
            return (int) modelNEmbd.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelEmbeddingWidth(MemorySegment model) {
        try {
            return (int) modelEmbeddingWidth.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelNLayer(MemorySegment model) {
        try {
            return (int) modelNLayer.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public long modelSize(MemorySegment model) {
        try {
            return (long) modelSize.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public long modelNParams(MemorySegment model) {
        try {
            return (long) modelNParams.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelDesc(MemorySegment model, MemorySegment buffer, long size) {
        try {
            return (int) modelDesc.handle().invokeExact(model, buffer, size);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelMetaCount(MemorySegment model) {
        try {
            return (int) modelMetaCount.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelMetaKey(MemorySegment model, int index, MemorySegment buffer, long size) {
        try {
            return (int) modelMetaKey.handle().invokeExact(model, index, buffer, size);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelMetaValue(MemorySegment model, int index, MemorySegment buffer, long size) {
        try {
            return (int) modelMetaValue.handle().invokeExact(model, index, buffer, size);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public boolean modelHasEncoder(MemorySegment model) {
        try {
            return (boolean) modelHasEncoder.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public boolean modelHasDecoder(MemorySegment model) {
        try {
            return (boolean) modelHasDecoder.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelDecoderStart(MemorySegment model) {
        try {
            return (int) modelDecoderStart.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public boolean modelIsRecurrent(MemorySegment model) {
        try {
            return (boolean) modelIsRecurrent.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public boolean modelIsHybrid(MemorySegment model) {
        try {
            return (boolean) modelIsHybrid.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int modelRopeType(MemorySegment model) {
        try {
            return (int) modelRopeType.handle().invokeExact(model);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment chatTemplate(MemorySegment model, MemorySegment name) {
        try {
            return (MemorySegment) chatTemplate.handle().invokeExact(model, name);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }
}
