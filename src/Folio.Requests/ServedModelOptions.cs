namespace Folio.Requests;

/// <summary>How a model is presented to those who ask it, however their requests come.</summary>
public record ServedModelOptions
{
    /// <summary>Names by which clients may ask for the model; answers carry the first. Empty: the model's own name.</summary>
    public IReadOnlyList<string> ServedModelNames { get; init; } = [];

    /// <summary>The text of a chat template (Jinja) in place of the model's own.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>The form of the model's tool calls, by the name of vLLM's parser, or "none". Null: what its chat template tells, else Hermes's.</summary>
    public string? ToolCallParser { get; init; }

    /// <summary>The form of the model's reasoning, by the name of vLLM's parser, or "none". Null: what its chat template tells.</summary>
    public string? ReasoningParser { get; init; }

    /// <summary>A request may bring a chat template of its own, which is a program: it runs within bounds of steps and memory, but costs time before the request has its turn.</summary>
    public bool TrustRequestChatTemplate { get; init; }

    /// <summary>Clients with different keys find each other's prompts in the prefix cache. By default they don't: the speed of an answer tells what was cached.</summary>
    public bool SharePrefixCache { get; init; }

    /// <summary>Most sequences of one request: prompts × n, or × best_of.</summary>
    public int MaxSequencesPerRequest { get; init; } = 1024;

    /// <summary>Most texts of one request for embeddings; OpenAI's limit.</summary>
    public int MaxEmbeddingInputs { get; init; } = 2048;

    /// <summary>Longest text of /tokenize, and of all texts of one request for embeddings together, in UTF-16 characters; prompts are bounded by the model's context instead.</summary>
    public int MaxTokenizeLength { get; init; } = 4 << 20;
}
