namespace Folio.Server;

/// <summary>What a server is given at start.</summary>
public sealed record ServerOptions
{
    /// <summary>An address of this machine or "localhost". Loopback by default: nobody else reaches the server unless asked to.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0: any free port.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>Any of these opens every route; none: no key is asked for.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Clients with different keys find each other's prompts in the prefix cache. By default they don't: the speed of an answer tells what was cached.</summary>
    public bool SharePrefixCache { get; init; }

    /// <summary>Whether some of its clients must learn nothing of what others have asked.</summary>
    internal bool KeepsKeysApart => !SharePrefixCache && ApiKeys.Distinct(StringComparer.Ordinal).Count() > 1;

    /// <summary>One line in the log for each request that has ended.</summary>
    public bool LogRequests { get; init; }

    /// <summary>Names by which clients may ask for the model; answers carry the first. Empty: the model's own name.</summary>
    public IReadOnlyList<string> ServedModelNames { get; init; } = [];

    /// <summary>The form of the model's tool calls, by the name of vLLM's parser, or "none". Null: what its chat template tells, else Hermes's.</summary>
    public string? ToolCallParser { get; init; }

    /// <summary>The form of the model's reasoning, by the name of vLLM's parser, or "none". Null: what its chat template tells.</summary>
    public string? ReasoningParser { get; init; }

    /// <summary>Larger request bodies are answered with 413.</summary>
    public long MaxRequestBodyBytes { get; init; } = 32L << 20;

    /// <summary>Most sequences of one request: prompts × n, or × best_of.</summary>
    public int MaxSequencesPerRequest { get; init; } = 1024;

    /// <summary>Longest text of /tokenize, in UTF-16 characters; prompts are bounded by the model's context instead.</summary>
    public int MaxTokenizeLength { get; init; } = 4 << 20;

    /// <summary>How long requests in flight may still run after SIGTERM.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(30);
}
