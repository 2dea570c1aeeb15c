using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Folio.Compute;
using Folio.Formats;
using Folio.Models;

namespace Folio.Engine;

/// <summary>What a cached block depends on besides its tokens: the model, its weights, and how a backend lays blocks out.</summary>
internal static class CacheFingerprint
{
    // Of each tensor, so many pieces from its first byte to its last are hashed: training or merging changes weights everywhere, and reading all would double the time of loading.
    private const int Pieces = 8;
    private const int PieceBytes = 1024;

    /// <param name="source">The checkpoint, still open.</param>
    /// <param name="imageFormat"><see cref="Backend.KvImageFormat"/>.</param>
    /// <param name="shape">The cache's; how many blocks it has doesn't matter.</param>
    public static Digest Of(ModelSource source, DecoderSpec spec, string imageFormat, KvCacheShape shape)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, imageFormat);
        Append(hash, $"{shape with { Blocks = 0 }}");
        Append(hash, $"{spec with { Layers = [] }}");
        foreach (LayerSpec layer in spec.Layers) Append(hash, $"{layer}");
        foreach (StoredTensor tensor in source.Tensors.Tensors)
        {
            Append(hash, $"{tensor}");
            AppendSample(hash, tensor);
        }

        return Digest.From(hash.GetHashAndReset());
    }

    /// <summary>The text and its length: no two sequences of texts hash the same bytes.</summary>
    private static void Append(IncrementalHash hash, string text)
    {
        hash.AppendData(MemoryMarshal.AsBytes([text.Length]));
        hash.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    private static unsafe void AppendSample(IncrementalHash hash, StoredTensor tensor)
    {
        long last = Math.Max(0, tensor.Bytes - PieceBytes); // where the last piece begins
        int bytes = (int)Math.Min(tensor.Bytes, PieceBytes);
        for (int piece = 0; piece < Pieces; piece++) hash.AppendData(new ReadOnlySpan<byte>(tensor.Data + last / (Pieces - 1) * piece, bytes));
        hash.AppendData(new ReadOnlySpan<byte>(tensor.Data + last, bytes));
    }
}
