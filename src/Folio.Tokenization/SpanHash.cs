using System.Buffers.Binary;
using System.Numerics;

namespace Folio.Tokenization;

/// <summary>A fast hash of short byte strings. Seeded anew in every process, so no file or text can aim at collisions.</summary>
internal static class SpanHash
{
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64() | 1;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        ulong hash = Seed ^ ((ulong)bytes.Length * 0x9E3779B97F4A7C15);
        while (bytes.Length >= 8)
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        ulong tail = 0;
        if (bytes.Length >= 4)
        {
            tail = BinaryPrimitives.ReadUInt32LittleEndian(bytes) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) << 32);
        }
        else
        {
            foreach (byte b in bytes) tail = (tail << 8) | b;
        }

        hash = Mix(hash, tail);
        return (uint)(hash >> 32);
    }

    private static ulong Mix(ulong hash, ulong word)
    {
        ulong high = Math.BigMul(hash ^ word, 0xD6E8FEB86659FD93, out ulong low);
        return BitOperations.RotateLeft(high ^ low, 23) + Seed;
    }
}
