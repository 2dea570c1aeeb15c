namespace Folio.Compare;

/// <summary>What a cell measures with.</summary>
internal sealed record Setup(FolioEngine Folio, LlamaCpp Llama, Versions Versions, int Threads, Sizes Sizes);

/// <summary>How much work a cell is.</summary>
/// <param name="Prefill">Tokens of the prompt.</param>
/// <param name="DecodeTokens">Of a single stream.</param>
/// <param name="BatchTokens">Of each of many sequences, after <paramref name="BatchContext"/> tokens.</param>
/// <param name="Requests">To a server with 16 clients.</param>
/// <param name="Output">Tokens of each answer of a server, or of a group.</param>
/// <param name="Context">Tokens of each of the 16 sequences that memory is measured with.</param>
internal sealed record Sizes(int Prefill, int DecodeTokens, int BatchTokens, int BatchContext, int Requests, int Output, int Context)
{
    public static Sizes Full { get; } = new(512, 64, 16, 128, 48, 64, 1024);

    public static Sizes Quick { get; } = new(128, 8, 4, 32, 16, 8, 96);
}
