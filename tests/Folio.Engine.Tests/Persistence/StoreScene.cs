using Folio.Paging;

namespace Folio.Engine.Tests.Persistence;

/// <summary>A tree of prefix blocks whose images are made of their numbers, and a folder to keep them in.</summary>
internal sealed class StoreScene : IDisposable
{
    public const int BlockSize = 4, BytesPerBlock = 96;

    private readonly List<IndexedBlock> _blocks = [];

    public TemporaryFolder Folder { get; } = new();

    public Digest Fingerprint { get; set; } = Digest.Of("a model");

    public long MostBytes { get; set; } = 1 << 20;

    public string Path => Folder[$"prefixes-{Fingerprint.A:x16}.folio"];

    /// <summary>Bytes of a file of so many blocks.</summary>
    public static long FileBytes(int blocks) => new PrefixFileLayout(BlockSize, BytesPerBlock).Length(blocks);

    /// <summary>The next block, whose tokens are its number.</summary>
    public int Add(int parent = -1, string? salt = null, int uses = 0)
    {
        int block = _blocks.Count;
        int[] tokens = [block, block, block, block];
        _blocks.Add(new(block, parent, salt, tokens, uses));
        return block;
    }

    public static byte[] Image(int block)
    {
        var image = new byte[BytesPerBlock];
        new Random(block).NextBytes(image);
        return image;
    }

    public PrefixStore Open() => Open(out _);

    public PrefixStore Open(out string? warning) => PrefixStore.Open(Folder.Path, Fingerprint, BlockSize, BytesPerBlock, MostBytes, out warning);

    /// <summary>One run: opens, has all blocks in its cache, saves.</summary>
    public void Save()
    {
        using PrefixStore store = Open();
        Assert.Null(Save(store));
    }

    public string? Save(PrefixStore store, params ReadOnlySpan<int> only)
    {
        int[] kept = only.ToArray();
        return store.Save(kept.Length == 0 ? _blocks : [.. _blocks.Where(block => kept.Contains(block.Block))], (block, image) => Image(block).CopyTo(image));
    }

    /// <summary>The record of a block, found from the root along its chain; None if it isn't.</summary>
    public int Find(PrefixStore store, int block, string? salt = null)
    {
        IndexedBlock wanted = _blocks[block];
        int parent = wanted.Parent < 0 ? PrefixStore.Root : Find(store, wanted.Parent, salt);
        if (wanted.Parent >= 0 && parent == PrefixStore.None) return PrefixStore.None;
        salt ??= wanted.Salt;
        return store.Find(parent, wanted.Tokens.Span, salt is null ? default : Digest.Of(salt));
    }

    /// <summary>Blocks that a new run finds and whose images it can read; fails where an image isn't the block's.</summary>
    public int[] Kept()
    {
        using PrefixStore store = Open(out string? warning);
        Assert.Null(warning);
        return Kept(store);
    }

    public int[] Kept(PrefixStore store)
    {
        List<int> kept = [];
        var image = new byte[BytesPerBlock];
        for (int block = 0; block < _blocks.Count; block++)
        {
            int record = Find(store, block);
            if (record == PrefixStore.None || !store.TryRead(record, image)) continue;
            Assert.Equal(Image(block), image);
            kept.Add(block);
        }

        return [.. kept];
    }

    public void Dispose() => Folder.Dispose();
}
