using Folio.Compute.Cuda.Attention;

namespace Folio.Compute.Cuda.Tests.Attention;

public sealed class AttentionLaunchTests
{
    /// <remarks>CUDA C++ Programming Guide, "Technical Specifications per Compute Capability": 8.6, 8.9 and 12.0 have 99 KiB of shared memory for a block of threads, others from 8.0 on have more.</remarks>
    [Theory]
    [InlineData(DType.BF16), InlineData(DType.F8_E4M3), InlineData(DType.I8)]
    public void Heads_of_any_size_fit_the_shared_memory_of_any_card(DType type)
    {
        for (int headDim = 2; headDim <= AttentionLaunch.MostChannels; headDim += 2)
        {
            var launch = new AttentionLaunch(new(Layers: 1, KvHeads: 1, headDim, BlockSize: 16, Blocks: 1, type), ByWarpgroups: false, SharesTiles: false);
            Assert.InRange(launch.DecodeSharedBytes, 1, 99 << 10);
            Assert.InRange(launch.PrefillSharedBytes, 1, 99 << 10);
        }
    }

    /// <remarks>From the same table: 9.0 has 227 KiB.</remarks>
    [Fact]
    public void Heads_of_any_size_that_go_by_warpgroups_fit_the_shared_memory_of_Hopper()
    {
        for (int headDim = 2; headDim <= AttentionLaunch.MostChannels; headDim += 2)
        {
            var shape = new KvCacheShape(Layers: 1, KvHeads: 1, headDim, BlockSize: 16, Blocks: 1, DType.BF16);
            if (AttentionLaunch.HasWarpgroups(shape)) Assert.InRange(new AttentionLaunch(shape, ByWarpgroups: true, SharesTiles: true).PrefillSharedBytes, 1, 227 << 10);
        }
    }
}
