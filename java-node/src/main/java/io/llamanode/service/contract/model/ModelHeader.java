package io.llamanode.service.contract.model;

import io.llamanode.service.contract.Capability;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the header of a model's file tells, without its weights.
 *
 * <p>Never changes: for any thread.
 *
 * @param path of the file
 * @param architecture {@code general.architecture}
 * @param name {@code general.name}, or {@code null}
 * @param nParams elements of all tensors
 * @param quantization {@code general.file_type} by llama.cpp's name, else the type of most of the weights; {@code null}
 *     where there are none
 * @param sizeBytes of all tensors
 * @param fileBytes of the file
 * @param nCtxTrain tokens the model was trained for; 0 if the file does not say
 * @param nEmbd width of the embeddings inside; 0 if the file does not say
 * @param nLayer layers; 0 if the file does not say
 * @param nVocab tokens of the vocabulary
 * @param chatTemplate Jinja source, or {@code null}
 * @param capabilities what can be asked of it
 */
public record ModelHeader(
        String path,
        String architecture,
        @Nullable String name,
        long nParams,
        @Nullable String quantization,
        long sizeBytes,
        long fileBytes,
        long nCtxTrain,
        long nEmbd,
        long nLayer,
        long nVocab,
        @Nullable String chatTemplate,
        Set<Capability> capabilities) {}
