using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Folio.Compute;
using Folio.Formats;
using Folio.Models;

namespace Folio.Engine;

/// <summary>What a cached block depends on besides its tokens: the model, its weights, and how a backend lays blocks out.</summary>
internal static class CacheFingerprint
{
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
        if (source.Quantization is { } quantization) Append(hash, $"{quantization}");
        foreach (StoredTensor tensor in source.Tensors.Tensors)
        {
            Append(hash, $"{tensor}");
            for (int piece = 0; piece < TensorSample.Pieces; piece++) hash.AppendData(TensorSample.Piece(tensor, piece));
        }

        return Digest.From(hash.GetHashAndReset());
    }

    /// <summary>The text and its length: no two sequences of texts hash the same bytes.</summary>
    private static void Append(IncrementalHash hash, string text)
    {
        hash.AppendData(MemoryMarshal.AsBytes([text.Length]));
        hash.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
    }
}
