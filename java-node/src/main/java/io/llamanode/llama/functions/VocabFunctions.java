package io.llamanode.llama.functions;

import static io.llamanode.llama.functions.NativeFunctions.unexpected;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;

/** The functions of llama.h on vocabularies. All of them are safe to call from several threads. */
public final class VocabFunctions {

    private final NativeFunction type;
    private final NativeFunction nTokens;
    private final NativeFunction attr;
    private final NativeFunction score;
    private final NativeFunction text;
    private final NativeFunction isEog;
    private final NativeFunction isControl;
    private final NativeFunction bos;
    private final NativeFunction eos;
    private final NativeFunction eot;
    private final NativeFunction sep;
    private final NativeFunction nl;
    private final NativeFunction pad;
    private final NativeFunction fimPrefix;
    private final NativeFunction fimSuffix;
    private final NativeFunction fimMiddle;
    private final NativeFunction fimRepository;
    private final NativeFunction fimFile;
    private final NativeFunction addBos;
    private final NativeFunction addEos;
    private final NativeFunction tokenize;
    private final NativeFunction piece;
    private final NativeFunction detokenize;

    public VocabFunctions(NativeFunctions f) {
        type = f.getter("llama_vocab_type", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        nTokens = f.getter("llama_vocab_n_tokens", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        attr = f.getter("llama_vocab_get_attr", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        score = f.getter("llama_vocab_get_score", FunctionDescriptor.of(JAVA_FLOAT, ADDRESS, JAVA_INT));
        text = f.getter("llama_vocab_get_text", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
        isEog = f.getter("llama_vocab_is_eog", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_INT));
        isControl = f.getter("llama_vocab_is_control", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS, JAVA_INT));
        bos = f.getter("llama_vocab_bos", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        eos = f.getter("llama_vocab_eos", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        eot = f.getter("llama_vocab_eot", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        sep = f.getter("llama_vocab_sep", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        nl = f.getter("llama_vocab_nl", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        pad = f.getter("llama_vocab_pad", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        fimPrefix = f.getter("llama_vocab_fim_pre", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        fimSuffix = f.getter("llama_vocab_fim_suf", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        fimMiddle = f.getter("llama_vocab_fim_mid", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        fimRepository = f.getter("llama_vocab_fim_rep", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        fimFile = f.getter("llama_vocab_fim_sep", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        addBos = f.getter("llama_vocab_get_add_bos", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
        addEos = f.getter("llama_vocab_get_add_eos", FunctionDescriptor.of(JAVA_BOOLEAN, ADDRESS));
        tokenize = f.function(
                "llama_tokenize",
                FunctionDescriptor.of(
                        JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_BOOLEAN, JAVA_BOOLEAN));
        piece = f.function(
                "llama_token_to_piece",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_BOOLEAN));
        detokenize = f.function(
                "llama_detokenize",
                FunctionDescriptor.of(
                        JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_BOOLEAN, JAVA_BOOLEAN));
    }

    public int type(MemorySegment vocab) {
        try {
            return (int) type.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int nTokens(MemorySegment vocab) {
        try {
            return (int) nTokens.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int attr(MemorySegment vocab, int token) {
        try {
            return (int) attr.handle().invokeExact(vocab, token);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public float score(MemorySegment vocab, int token) {
        try {
            return (float) score.handle().invokeExact(vocab, token);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public MemorySegment text(MemorySegment vocab, int token) {
        try {
            return (MemorySegment) text.handle().invokeExact(vocab, token);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public boolean isEog(MemorySegment vocab, int token) {
        try {
            return (boolean) isEog.handle().invokeExact(vocab, token);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public boolean isControl(MemorySegment vocab, int token) {
        try {
            return (boolean) isControl.handle().invokeExact(vocab, token);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int bos(MemorySegment vocab) {
        try {
            return (int) bos.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int eos(MemorySegment vocab) {
        try {
            return (int) eos.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int eot(MemorySegment vocab) {
        try {
            return (int) eot.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int sep(MemorySegment vocab) {
        try {
            return (int) sep.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int nl(MemorySegment vocab) {
        try {
            return (int) nl.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int pad(MemorySegment vocab) {
        try {
            return (int) pad.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int fimPrefix(MemorySegment vocab) {
        try {
            return (int) fimPrefix.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int fimSuffix(MemorySegment vocab) {
        try {
            return (int) fimSuffix.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int fimMiddle(MemorySegment vocab) {
        try {
            return (int) fimMiddle.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int fimRepository(MemorySegment vocab) {
        try {
            return (int) fimRepository.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int fimFile(MemorySegment vocab) {
        try {
            return (int) fimFile.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public boolean addBos(MemorySegment vocab) {
        try {
            return (boolean) addBos.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public boolean addEos(MemorySegment vocab) {
        try {
            return (boolean) addEos.handle().invokeExact(vocab);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int tokenize(
            MemorySegment vocab,
            MemorySegment text,
            int textBytes,
            MemorySegment tokens,
            int maxTokens,
            boolean addSpecial,
            boolean parseSpecial) {
        try {
            return (int)
                    tokenize.handle().invokeExact(vocab, text, textBytes, tokens, maxTokens, addSpecial, parseSpecial);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int piece(MemorySegment vocab, int token, MemorySegment buffer, int size, int strip, boolean special) {
        try {
            return (int) piece.handle().invokeExact(vocab, token, buffer, size, strip, special);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    public int detokenize(
            MemorySegment vocab,
            MemorySegment tokens,
            int nTokens,
            MemorySegment buffer,
            int size,
            boolean removeSpecial,
            boolean unparseSpecial) {
        try {
            return (int) detokenize
                    .handle()
                    .invokeExact(vocab, tokens, nTokens, buffer, size, removeSpecial, unparseSpecial);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }
}
