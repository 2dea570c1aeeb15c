using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Folio.Engine;

/// <summary>One block of a kept prefix, as it stands in the file. Its tokens stand beside it.</summary>
/// <param name="Parent">The record before it, which has a lower number; −1: it begins a prompt.</param>
/// <param name="Uses">How often it was found, older runs counting half.</param>
/// <param name="Namespace">Who may find it; default: everybody.</param>
/// <param name="Checksum">Of its image.</param>
internal readonly record struct PrefixRecord(int Parent, uint Uses, Digest Namespace, ulong Checksum);

/// <summary>The blocks of prefixes as a tree: a block is its parent, its namespace and its exact tokens; found by all three.</summary>
internal sealed class PrefixTable
{
    public const int Root = -1;
    public const int None = -1;

    private const int Dropped = -2; // in place of a parent: nobody asks for the children of that

    private readonly PrefixRecord[] _records;  // [capacity]
    private readonly int[] _tokens;            // [capacity, blockSize]
    private readonly int[] _next;              // [capacity] the next of a bucket; None ends it
    private readonly int[] _buckets;           // [a power of two] first record
    private readonly int _blockSize;
    private readonly long _seed = Random.Shared.NextInt64(); // nobody can make a file whose records all fall into one bucket

    public PrefixTable(int capacity, int blockSize)
    {
        _blockSize = blockSize;
        _records = new PrefixRecord[capacity];
        _tokens = new int[checked(capacity * blockSize)];
        _next = new int[capacity];
        _buckets = new int[(int)Math.Min(1u << 30, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity + 1))];
        _buckets.AsSpan().Fill(None);
    }

    public int Count { get; private set; }

    public ref readonly PrefixRecord this[int record] => ref _records[record];

    /// <summary>[blockSize]</summary>
    public ReadOnlySpan<int> Tokens(int record) => _tokens.AsSpan(record * _blockSize, _blockSize);

    public bool IsDropped(int record) => _records[record].Parent == Dropped;

    /// <summary>Bytes that a record takes in the file.</summary>
    public static int RecordBytes(int blockSize) => System.Runtime.CompilerServices.Unsafe.SizeOf<PrefixRecord>() + blockSize * sizeof(int);

    /// <returns>The record's number. There must be room.</returns>
    public int Add(in PrefixRecord record, ReadOnlySpan<int> tokens)
    {
        _records[Count] = record;
        tokens.CopyTo(_tokens.AsSpan(Count * _blockSize, _blockSize));
        return Index(Count++);
    }

    public int Find(int parent, in Digest @namespace, ReadOnlySpan<int> tokens)
    {
        for (int record = _buckets[Bucket(parent, @namespace, tokens)]; record != None; record = _next[record])
        {
            ref readonly PrefixRecord found = ref _records[record];
            if (found.Parent == parent && found.Namespace == @namespace && Tokens(record).SequenceEqual(tokens)) return record;
        }

        return None;
    }

    /// <summary>The record is found no more, nor are its children.</summary>
    public void Drop(int record) => _records[record] = _records[record] with { Parent = Dropped };

    /// <returns>Null, and the table is not read, if it isn't what was written.</returns>
    public static PrefixTable? Read(SafeFileHandle file, long offset, int count, int blockSize, ulong checksum)
    {
        var table = new PrefixTable(count, blockSize);
        Span<byte> records = MemoryMarshal.AsBytes(table._records.AsSpan()), tokens = MemoryMarshal.AsBytes(table._tokens.AsSpan());
        if (!file.TryReadAll(records, offset) || !file.TryReadAll(tokens, offset + records.Length) || table.Checksum(count) != checksum) return null;
        for (; table.Count < count; table.Count++)
        {
            if (table._records[table.Count].Parent < Root || table._records[table.Count].Parent >= table.Count) return null;
            table.Index(table.Count);
        }

        return table;
    }

    /// <returns>The checksum of what was written.</returns>
    public ulong Write(SafeFileHandle file, long offset)
    {
        ReadOnlySpan<byte> records = MemoryMarshal.AsBytes(_records.AsSpan(0, Count));
        RandomAccess.Write(file, records, offset);
        RandomAccess.Write(file, MemoryMarshal.AsBytes(_tokens.AsSpan(0, Count * _blockSize)), offset + records.Length);
        return Checksum(Count);
    }

    private ulong Checksum(int count)
    {
        var hash = new XxHash3();
        hash.Append(MemoryMarshal.AsBytes(_records.AsSpan(0, count)));
        hash.Append(MemoryMarshal.AsBytes(_tokens.AsSpan(0, count * _blockSize)));
        return hash.GetCurrentHashAsUInt64();
    }

    private int Index(int record)
    {
        ref int bucket = ref _buckets[Bucket(_records[record].Parent, _records[record].Namespace, Tokens(record))];
        _next[record] = bucket;
        bucket = record;
        return record;
    }

    private int Bucket(int parent, in Digest @namespace, ReadOnlySpan<int> tokens) =>
        (int)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(tokens), unchecked(_seed + parent * 0x2545F4914F6CDD1D ^ (long)@namespace.A)) & (_buckets.Length - 1);
}
