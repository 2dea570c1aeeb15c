namespace Folio.Server;

internal sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

internal sealed record ModelCard(
    string Id,
    string Object,
    long Created,
    string OwnedBy,
    string Root,
    string? Parent,
    int MaxModelLen,
    IReadOnlyList<ModelPermission> Permission);

/// <summary>A relic of OpenAI's API that some clients still read.</summary>
internal sealed record ModelPermission(
    string Id,
    string Object,
    long Created,
    bool AllowCreateEngine,
    bool AllowSampling,
    bool AllowLogprobs,
    bool AllowSearchIndices,
    bool AllowView,
    bool AllowFineTuning,
    string Organization,
    string? Group,
    bool IsBlocking);

internal sealed record TokenizeResponse(int Count, int MaxModelLen, IReadOnlyList<int> Tokens, IReadOnlyList<string>? TokenStrs);

internal sealed record DetokenizeResponse(string Prompt);

/// <param name="Tokens">Prompt tokens that a request which begins with it finds cached.</param>
internal sealed record PrefixCard(string Id, string Object, int Tokens);

internal sealed record PrefixList(string Object, IReadOnlyList<PrefixCard> Data);

internal sealed record PrefixDeleted(string Id, string Object, bool Deleted);

internal sealed record ResetResponse(bool Success);

internal sealed record VersionResponse(string Version);

/// <summary>vLLM's answer of /pause and /resume.</summary>
internal sealed record StatusResponse(string Status);

internal sealed record IsPausedResponse(bool IsPaused);

/// <param name="ServerLoad">Requests that the engine has accepted and not finished.</param>
internal sealed record LoadResponse(int ServerLoad);
