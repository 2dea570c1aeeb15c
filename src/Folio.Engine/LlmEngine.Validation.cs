namespace Folio.Engine;

/// <summary>What a request must be to be accepted: within the model, its context and the blocks that there are.</summary>
public sealed partial class LlmEngine
{
    /// <returns>Tokens of a sequence at most, prompt included.</returns>
    private int Validate(GenerationRequest request)
    {
        SamplingParams sampling = request.Sampling;
        if (!Model.Generates) throw new RequestException($"The model {Model.Name} makes embeddings of texts and can't continue them.", "model");
        sampling.Validate(Model.VocabularySize, Options.MaxLogprobs);
        int prompt = request.Prompt.Length, context = Model.MaxModelLen, room = context - prompt;
        if (prompt == 0) throw new RequestException("the prompt is empty; it must have at least one token.", "prompt");
        if (room < 0)
        {
            throw new RequestException(
                $"This model's maximum context length is {context} tokens. However, your prompt contains {prompt} input tokens, which exceeds this limit even without any output tokens. "
                + "Please reduce the length of the input prompt.",
                "prompt");
        }

        if (room == 0) throw new RequestException($"the prompt fills this model's context of {context} tokens; no token of the answer would fit.", "prompt");
        if (sampling.MaxTokens > room)
            throw new RequestException($"max_tokens ({sampling.MaxTokens}) plus the prompt ({prompt} tokens) exceeds this model's context of {context} tokens.", "max_tokens");
        if (sampling.MinTokens > room)
            throw new RequestException($"min_tokens ({sampling.MinTokens}) plus the prompt ({prompt} tokens) exceeds this model's context of {context} tokens.", "min_tokens");
        RequireIds(request.Prompt.Span, "prompt");
        if (Model.Tokenizer is null && sampling.Stop.Count > 0) throw new RequestException("this model has no tokenizer: stop must be given as stop_token_ids.", "stop");
        int least = prompt + Math.Max(1, sampling.MinTokens), free = FreeBlocks;
        int maxLength = sampling.MaxTokens is { } most ? prompt + most : int.Max(least, LongestFor(prompt, sampling.Width, free));
        RequireRoom(prompt, maxLength, sampling, free);
        return maxLength;
    }

    private void RequireIds(ReadOnlySpan<int> prompt, string parameter)
    {
        foreach (int id in prompt)
        {
            if (id < 0 || id >= Model.VocabularySize) throw new RequestException($"{parameter} has token id {id}; this model's ids are 0 to {Model.VocabularySize - 1}.", parameter);
        }
    }

    /// <summary>A request that would not fit if it were alone would wait for ever.</summary>
    private void RequireRoom(int prompt, int maxLength, SamplingParams sampling, int free)
    {
        int n = sampling.Width;
        string name = sampling.Width == sampling.N ? "n" : "best_of";
        if (n > Options.MaxNumSeqs) throw new RequestException($"{name} is {n}; at most {Options.MaxNumSeqs} sequences run at once (--max-num-seqs, MaxNumSeqs).", name);
        if (sampling.UseBeamSearch && n > Options.StepTokens)
            throw new RequestException($"n is {n}; the beams of a search run in one step, which takes at most {Options.StepTokens} tokens (--max-num-batched-tokens, MaxNumBatchedTokens).", name);
        long needed = SequenceGroup.BlocksAtMost(prompt, maxLength, n, _pool);
        if (needed <= free) return;
        throw new RequestException(
            $"{n} sequence{(n == 1 ? "" : "s")} of up to {maxLength} tokens need {RoomText(needed, free)} "
            + $"Lower {name} or max_tokens, or start with a larger --kv-cache-memory (KvCacheMemory).",
            n == 1 ? "max_tokens" : name);
    }

    private string RoomText(long needed, int free) => $"{needed} blocks of {_pool.BlockSize} tokens; the KV cache has {free}{(free < _pool.Blocks ? " that aren't pinned" : "")}.";
}
