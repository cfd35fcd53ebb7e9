package io.llamanode.llama.model;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.llamanode.gguf.GgufFile;
import io.llamanode.gguf.GgufValue;
import io.llamanode.llama.LibraryException;
import io.llamanode.llama.ModelLoadException;
import io.llamanode.llama.ModelLoadException.Reason;
import io.llamanode.llama.ModelParams;
import io.llamanode.llama.ProgressListener;
import io.llamanode.llama.functions.ModelFunctions;
import io.llamanode.llama.functions.NativeText;
import io.llamanode.llama.functions.StructTable;
import io.llamanode.llama.library.LlamaLibrary;
import io.llamanode.llama.memory.NativeHandle;
import io.llamanode.llama.memory.ReleasedMemory;
import io.llamanode.llama.watch.WatchedCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A loaded model. Safe for use by several threads. Once it is closed nothing new can be made from it; its memory is
 * freed when the last of its contexts and samplers is closed.
 */
public final class LlamaModel implements AutoCloseable {

    private final LlamaLibrary library;
    private final NativeHandle handle;
    private final GgufFile file;
    private final ModelParams params;
    private final Vocab vocab;
    private final Map<String, String> metadata;
    private final String description;
    private final long nParams;
    private final long sizeBytes;
    private final int nCtxTrain;
    private final int nEmbd;
    private final int embeddingWidth;
    private final int nLayer;
    private final boolean hasEncoder;
    private final boolean hasDecoder;
    private final boolean recurrent;

    private LlamaModel(LlamaLibrary library, MemorySegment pointer, GgufFile file, ModelParams params) {
        ModelFunctions f = library.models;
        this.library = library;
        this.file = file;
        this.params = params;
        this.handle = new NativeHandle("The model " + file.path(), pointer, () -> {
            f.modelFree(pointer);
            ReleasedMemory.returnToSystem();
        });
        this.nParams = f.modelNParams(pointer);
        this.sizeBytes = f.modelSize(pointer);
        this.nCtxTrain = f.modelNCtxTrain(pointer);
        this.nEmbd = f.modelNEmbd(pointer);
        this.embeddingWidth = f.modelEmbeddingWidth(pointer);
        this.nLayer = f.modelNLayer(pointer);
        this.hasEncoder = f.modelHasEncoder(pointer);
        this.hasDecoder = f.modelHasDecoder(pointer);
        this.recurrent = f.modelIsRecurrent(pointer) || f.modelIsHybrid(pointer);
        this.description = withSize(NativeText.read((buffer, size) -> f.modelDesc(pointer, buffer, size)), nParams);
        this.metadata = readMetadata(f, pointer, file);
        this.vocab = new Vocab(library, handle, f.modelVocab(pointer));
    }

    /**
     * Loads a model. The header is checked first, so that a missing, truncated or malformed file is named as such
     * and never reaches native code.
     *
     * @param path the GGUF file
     * @param params how to load it
     * @param listener follows the load
     * @return the model, to be closed by the caller
     * @throws ModelLoadException when the file is unfit or the load was given up
     * @throws LibraryException when the native library cannot be used
     */
    public static LlamaModel load(Path path, ModelParams params, ProgressListener listener) {
        return load(LlamaLibrary.open(), path, params, listener);
    }

    /**
     * Loads a model with a certain library.
     *
     * @param library the library
     * @param path the GGUF file
     * @param params how to load it
     * @param listener follows the load
     * @return the model, to be closed by the caller
     * @throws ModelLoadException when the file is unfit or the load was given up
     */
    public static LlamaModel load(LlamaLibrary library, Path path, ModelParams params, ProgressListener listener) {
        return load(library, ModelFileCheck.read(path), params, listener);
    }

    /**
     * Looks at a header as {@link #load} does first, and loads nothing.
     *
     * @param library the library that would load it
     * @param file the header
     * @param vocabOnly whether only the vocabulary would be loaded
     * @throws ModelLoadException when the file is unfit
     */
    public static void check(LlamaLibrary library, GgufFile file, boolean vocabOnly) {
        ModelFileCheck.check(file, vocabOnly, library.generation.limits());
    }

    /**
     * Loads a model whose header is read already.
     *
     * @param library the library
     * @param file the header
     * @param params how to load it
     * @param listener follows the load
     * @return the model, to be closed by the caller
     * @throws ModelLoadException when the file is unfit or the load was given up
     */
    public static LlamaModel load(LlamaLibrary library, GgufFile file, ModelParams params, ProgressListener listener) {
        Path path = file.path();
        check(library, file, params.vocabOnly());
        try (Arena arena = Arena.ofConfined();
                WatchedCalls calls = library.watch.calls(path.toString())) {
            StructTable table = library.generation.modelParams();
            MemorySegment struct = library.models.modelDefaultParams(arena);
            library.generation.write(params, struct);
            Progress progress = new Progress(listener, calls);
            table.setPointer(struct, "progress_callback", progress.callback(arena));
            library.log.startCapture();
            MemorySegment model = MemorySegment.NULL;
            String reason;
            calls.begin("llama_model_load_from_file");
            try {
                model = library.models.modelLoad(
                        arena.allocateFrom(path.toAbsolutePath().toString()), struct);
            } finally {
                calls.end();
                reason = library.log.endCapture();
            }
            if (model.equals(MemorySegment.NULL)) {
                throw progress.failure(library, path, Refusals.explained(reason, file));
            }
            return new LlamaModel(library, model, file, params);
        }
    }

    /**
     * Loads a model with the defaults and without a listener.
     *
     * @param path the GGUF file
     * @return the model, to be closed by the caller
     * @throws ModelLoadException when the file is unfit
     */
    public static LlamaModel load(Path path) {
        return load(path, ModelParams.DEFAULT, ProgressListener.NONE);
    }

    /** The progress callback, through which no exception may pass. */
    private static final class Progress {
        private final ProgressListener listener;
        private final WatchedCalls calls;
        private @Nullable RuntimeException thrown;
        private boolean cancelled;

        Progress(ProgressListener listener, WatchedCalls calls) {
            this.listener = listener;
            this.calls = calls;
        }

        MemorySegment callback(Arena arena) {
            try {
                MethodType type = MethodType.methodType(boolean.class, float.class, MemorySegment.class);
                MethodHandle handle = MethodHandles.lookup().findVirtual(Progress.class, "progress", type);
                return Linker.nativeLinker()
                        .upcallStub(
                                handle.bindTo(this), FunctionDescriptor.of(JAVA_BOOLEAN, JAVA_FLOAT, ADDRESS), arena);
            } catch (NoSuchMethodException | IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        }

        @SuppressWarnings("unused") // called by llama.cpp, which finds it by its name and gives it its own pointer back
        boolean progress(float fraction, MemorySegment userData) {
            calls.progress();
            try {
                cancelled = cancelled || !listener.progress(fraction);
            } catch (Throwable t) {
                cancelled = true;
                thrown = t instanceof RuntimeException e ? e : new IllegalStateException("The listener failed", t);
            }
            return !cancelled;
        }

        RuntimeException failure(LlamaLibrary library, Path path, String reason) {
            if (thrown != null) {
                return thrown;
            }
            if (cancelled) {
                return new ModelLoadException(Reason.CANCELLED, "Loading " + path + " was given up");
            }
            if (reason.contains("unknown model architecture")) {
                return new ModelLoadException(
                        Reason.UNKNOWN_ARCHITECTURE,
                        path + " has an architecture that llama.cpp " + library.version() + " does not know: " + reason
                                + library.advice());
            }
            if (Refusals.wantOfMemory(reason)) {
                return new ModelLoadException(
                        Reason.OUT_OF_MEMORY, path + " cannot be loaded, because there is no memory for it: " + reason);
            }
            return new ModelLoadException(Reason.REFUSED, path + " cannot be loaded: " + reason + library.advice());
        }
    }

    private static Map<String, String> readMetadata(ModelFunctions f, MemorySegment model, GgufFile file) {
        Map<String, String> metadata = new LinkedHashMap<>();
        int count = f.modelMetaCount(model);
        for (int i = 0; i < count; i++) {
            int index = i;
            String key = NativeText.read((buffer, size) -> f.modelMetaKey(model, index, buffer, size));
            if (!(file.metadata().get(key) instanceof GgufValue.LongText)) {
                metadata.put(key, NativeText.read((buffer, size) -> f.modelMetaValue(model, index, buffer, size)));
            }
        }
        return Collections.unmodifiableMap(metadata);
    }

    /** {@return the tokenizer} */
    public Vocab vocab() {
        return vocab;
    }

    /** {@return the file's header} */
    public GgufFile file() {
        return file;
    }

    /** {@return how the model was loaded} */
    public ModelParams params() {
        return params;
    }

    /** {@return all scalar metadata as text, but for what is too long for {@link GgufFile} to keep} */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** {@return {@code general.architecture}} */
    public String architecture() {
        return file.architecture();
    }

    /** {@return a short description ({@code llama_model_desc}), such as {@code llama 1B Q4_0}} */
    public String description() {
        return description;
    }

    /** llama.cpp knows the sizes of some models by name, and calls any other one {@code ?B}. */
    static String withSize(String description, long weights) {
        return description.replace(
                "?B", weights < 1_000_000_000 ? rounded(weights, 1e6, "M") : rounded(weights, 1e9, "B"));
    }

    private static String rounded(long weights, double unit, String letter) {
        return String.format(Locale.ROOT, "%.1f%s", weights / unit, letter);
    }

    /** {@return the number of weights ({@code llama_model_n_params}); 0 with only the vocabulary loaded} */
    public long nParams() {
        return nParams;
    }

    /** {@return the size of all tensors, bytes ({@code llama_model_size}); 0 with only the vocabulary loaded} */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** {@return the context length the model was trained with, tokens ({@code llama_model_n_ctx_train})} */
    public int nCtxTrain() {
        return nCtxTrain;
    }

    /** {@return the width of the embeddings inside ({@code llama_model_n_embd})} */
    public int nEmbd() {
        return nEmbd;
    }

    /** {@return the width of an embedding that a context puts out, which a last projection may make another one} */
    public int embeddingWidth() {
        return embeddingWidth;
    }

    /** {@return the number of layers ({@code llama_model_n_layer})} */
    public int nLayer() {
        return nLayer;
    }

    /** {@return whether input must go through {@code LlamaContext.encode} first ({@code llama_model_has_encoder})} */
    public boolean hasEncoder() {
        return hasEncoder;
    }

    /** {@return whether the model can {@code LlamaContext.decode} ({@code llama_model_has_decoder})} */
    public boolean hasDecoder() {
        return hasDecoder;
    }

    /**
     * Whether the model keeps a state, which cannot forget a part.
     *
     * @return true for Mamba and RWKV, and for hybrids that have a KV cache too
     */
    public boolean isRecurrent() {
        return recurrent;
    }

    /**
     * {@return the token that starts the decoder of an encoder-decoder model, or -1 ({@code
     * llama_model_decoder_start_token})}
     */
    public int decoderStartToken() {
        return call(model -> library.models.modelDecoderStart(model));
    }

    /** {@return the model's chat template in Jinja, if it has one} */
    public Optional<String> chatTemplate() {
        return call(model ->
                Optional.ofNullable(LlamaLibrary.text(library.models.chatTemplate(model, MemorySegment.NULL))));
    }

    /** {@return whether {@link #close} was called} */
    public boolean isClosed() {
        return handle.isClosed();
    }

    /** Closes the model; does nothing when it is closed already. */
    @Override
    public void close() {
        handle.close();
    }

    /** {@return the library it was loaded with} */
    public LlamaLibrary library() {
        return library;
    }

    /** {@return the native model, for the calls that take it} */
    public NativeHandle handle() {
        return handle;
    }

    /** {@return whether positions are rotary ({@code llama_model_rope_type}), so that they know no upper end} */
    public boolean hasRotaryPositions() {
        return call(model -> library.models.modelRopeType(model)) >= 0;
    }

    private interface Call<T> {
        T on(MemorySegment model);
    }

    private <T> T call(Call<T> call) {
        MemorySegment model = handle.acquire();
        try {
            return call.on(model);
        } finally {
            handle.release();
        }
    }
}
