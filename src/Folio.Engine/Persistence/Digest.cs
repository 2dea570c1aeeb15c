using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Folio.Engine;

/// <summary>A SHA-256: who finds it equal takes what it was made of for equal.</summary>
internal readonly record struct Digest(ulong A, ulong B, ulong C, ulong D)
{
    public static Digest Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return From(hash);
    }

    /// <summary>Of the text's UTF-16, so that no two texts are made alike by a conversion.</summary>
    public static Digest Of(string text) => Of(MemoryMarshal.AsBytes(text.AsSpan()));

    public static Digest From(ReadOnlySpan<byte> hash) => MemoryMarshal.Read<Digest>(hash);
}
