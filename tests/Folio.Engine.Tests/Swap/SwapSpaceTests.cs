using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Engine.Tests.Swap;

public sealed class SwapSpaceTests
{
    private static readonly KvCacheShape s_small = new(Layers: 2, KvHeads: 2, HeadDim: 8, BlockSize: 4, Blocks: 12);

    [Theory, InlineData(SwapTier.Host), InlineData(SwapTier.Disk)]
    internal void Blocks_come_back_from_a_tier_as_they_went(SwapTier tier)
    {
        using var scene = new Scene(s_small, new(HostBlocks: 5, DiskBlocks: 5));
        scene.Fill(0, 1, 2, 3);
        byte[] two = scene.Read(2), three = scene.Read(3);
        scene.Swap.Out(tier, [new(2, 4), new(3, 0)]);
        scene.Fill(2, 3);
        scene.Swap.In(tier, [new(0, 2), new(4, 7)]);
        Assert.Equal(three, scene.Read(2));
        Assert.Equal(two, scene.Read(7));
    }

    [Fact]
    public void The_tiers_have_slots_of_their_own()
    {
        using var scene = new Scene(s_small, new(HostBlocks: 1, DiskBlocks: 1));
        scene.Fill(0, 1);
        byte[] zero = scene.Read(0), one = scene.Read(1);
        scene.Swap.Out(SwapTier.Host, [new(0, 0)]);
        scene.Swap.Out(SwapTier.Disk, [new(1, 0)]);
        scene.Swap.In(SwapTier.Host, [new(0, 2)]);
        scene.Swap.In(SwapTier.Disk, [new(0, 3)]);
        Assert.Equal(zero, scene.Read(2));
        Assert.Equal(one, scene.Read(3));
    }

    [Fact]
    public void More_blocks_than_are_staged_at_once_go_to_disk_and_back()
    {
        using var scene = new Scene(new(Layers: 8, KvHeads: 8, HeadDim: 128, BlockSize: 64, Blocks: 7), new(HostBlocks: 0, DiskBlocks: 6)); // blocks of 4 MiB
        int[] blocks = [6, 1, 4, 2, 5, 3];
        scene.Fill(blocks);
        byte[][] before = [.. blocks.Select(scene.Read)];
        scene.Swap.Out(SwapTier.Disk, [.. blocks.Select((block, slot) => new BlockCopy(block, slot))]);
        scene.Fill(blocks);
        scene.Swap.In(SwapTier.Disk, [.. blocks.Select((block, slot) => new BlockCopy(slot, block))]);
        for (int i = 0; i < blocks.Length; i++) Assert.True(before[i].AsSpan().SequenceEqual(scene.Read(blocks[i])));
    }

    [Fact]
    public void Moving_blocks_allocates_nothing()
    {
        using var scene = new Scene(s_small, new(HostBlocks: 5, DiskBlocks: 5));
        BlockCopy[] copies = [new(1, 2), new(3, 4)];
        Move();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++) Move();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Move()
        {
            foreach (SwapTier tier in (ReadOnlySpan<SwapTier>)[SwapTier.Host, SwapTier.Disk])
            {
                scene.Swap.Out(tier, copies);
                scene.Swap.In(tier, copies.AsSpan(0, 0));
                scene.Swap.In(tier, [new(2, 1), new(4, 3)]);
            }
        }
    }

    [Fact]
    public void The_file_leaves_no_trace()
    {
        using var scene = new Scene(s_small, new(HostBlocks: 0, DiskBlocks: 5));
        scene.Swap.Out(SwapTier.Disk, [new(0, 4)]);
        if (!OperatingSystem.IsWindows()) Assert.Empty(scene.Folder.Files); // a killed process leaves nothing either
        scene.Swap.Dispose();
        Assert.Empty(scene.Folder.Files);
    }

    [Fact]
    public void A_file_that_cannot_be_made_is_refused_with_the_place_and_the_size()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["taken"], "");
        string message = Assert.Throws<FolioException>(() => new SwapFile(folder["taken"], slots: 3, bytesPerBlock: 1024)).Message;
        Assert.StartsWith($"{folder["taken"]}: a swap file of 3 KiB can't be made: ", message);
    }

    [Fact]
    public void A_disk_without_the_room_is_found_at_start()
    {
        using var folder = new TemporaryFolder();
        string message = Assert.Throws<FolioException>(() => new SwapFile(folder.Path, slots: int.MaxValue, bytesPerBlock: int.MaxValue)).Message;
        Assert.StartsWith($"{folder.Path}: a swap file of 4194304 TiB can't be made: ", message);
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void A_file_cut_short_under_us_is_an_error_that_names_it()
    {
        using var folder = new TemporaryFolder();
        using var file = new SwapFile(folder.Path, slots: 3, bytesPerBlock: 1024);
        file.Write(0, new byte[1024]);
        string message = Assert.Throws<FolioException>(() => file.Read(2, new byte[1024])).Message;
        Assert.StartsWith(folder["folio-swap-"], message);
        Assert.EndsWith(": a swapped block can't be read: the file ends at byte 2048.", message);
    }

    [Fact]
    public void A_tier_that_was_not_planned_is_not_there()
    {
        using var scene = new Scene(s_small, new(HostBlocks: 2, DiskBlocks: 0));
        Assert.Throws<InvalidOperationException>(() => scene.Swap.Out(SwapTier.Disk, [new(0, 0)]));
    }

    /// <summary>A cache with swap space; what is in its blocks is new with each Fill.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly CpuBackend _backend = new(threads: 2);
        private readonly KvCache _cache;
        private readonly HostKvBlocks _image;
        private byte _fill;

        public Scene(KvCacheShape shape, SwapPlan plan)
        {
            _cache = _backend.AllocateKvCache(shape);
            _image = _backend.AllocateHostBlocks(shape with { Blocks = 1 });
            Swap = new SwapSpace(_backend, _cache, plan, Folder.Path);
        }

        public TemporaryFolder Folder { get; } = new();

        public SwapSpace Swap { get; }

        public void Fill(params ReadOnlySpan<int> blocks)
        {
            foreach (int block in blocks)
            {
                new Random(_fill++).NextBytes(_image[0]);
                _backend.CopyFromHost(_cache, _image, [new(0, block)]);
            }
        }

        public byte[] Read(int block)
        {
            _backend.CopyToHost(_cache, _image, [new(block, 0)]);
            return _image[0].ToArray();
        }

        public void Dispose()
        {
            Swap.Dispose();
            _image.Dispose();
            _backend.Dispose();
            Folder.Dispose();
        }
    }
}
