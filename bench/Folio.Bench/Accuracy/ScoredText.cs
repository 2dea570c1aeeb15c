using Folio.Engine;
using Folio.Models;

namespace Folio.Bench;

/// <summary>A text in chunks, of each of which the second half is scored: llama-perplexity's definition.</summary>
/// <remarks>A chunk's tokens are seen from nothing, its first replaced by BOS where the model wants one; the logits of its rows [256, 511) are held against the tokens that follow them.</remarks>
internal sealed class ScoredText
{
    public const int ChunkTokens = 512, FirstRow = ChunkTokens / 2, RowsPerChunk = ChunkTokens - 1 - FirstRow;

    private readonly int[] _tokens;
    private readonly int? _bos;

    private ScoredText(int[] tokens, int? bos, int chunks, int vocabulary) => (_tokens, _bos, Chunks, Vocabulary) = (tokens, bos, chunks, vocabulary);

    public int Chunks { get; }

    public int Vocabulary { get; }

    public int Positions => Chunks * RowsPerChunk;

    /// <summary>Of the chunks, as the text has them.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Chunks * ChunkTokens);

    public static ScoredText Read(string file, string model, int chunks)
    {
        using ModelSource source = ModelSource.Open(model);
        ModelInfo info = ModelInfoReader.Read(source, TransformerDecoder.Describe(source), ChunkTokens, ModelText.Read(source));
        int[] tokens = info.Encode(File.ReadAllText(file));
        int whole = Math.Min(chunks, tokens.Length / ChunkTokens);
        if (whole == 0) throw new FolioException($"{file} has {tokens.Length} tokens; at least {ChunkTokens} were expected.");
        return new(tokens, tokens[0] == info.Tokenizer!.BosId ? tokens[0] : null, whole, info.VocabularySize);
    }

    /// <summary>A chunk as a model is given it.</summary>
    public int[] Input(int chunk)
    {
        int[] input = _tokens[(chunk * ChunkTokens)..((chunk + 1) * ChunkTokens)];
        if (_bos is { } bos) input[0] = bos;
        return input;
    }

    /// <summary>The token that follows a scored row.</summary>
    /// <param name="position">[0, <see cref="Positions"/>)</param>
    public int Target(int position) => _tokens[position / RowsPerChunk * ChunkTokens + FirstRow + position % RowsPerChunk + 1];
}
