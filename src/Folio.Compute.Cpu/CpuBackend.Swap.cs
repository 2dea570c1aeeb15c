namespace Folio.Compute.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <summary>What <see cref="KvLayout"/> does, and how keys and values were computed; a change of either changes this name.</summary>
    /// <remarks>Levels agree in every bit, but for products of pairs of bf16.</remarks>
    public override string KvImageFormat =>
        $"cpu: layers, heads, keys [channel, token / 16], values [token, channel / 16], arithmetic 2, of {_activations} activations{(_activations == CpuActivations.Rounded && _isa >= CpuIsa.Avx512Bf16 ? $" by {_isa}" : "")}";

    public override HostKvBlocks AllocateHostBlocks(KvCacheShape shape) => new CpuHostKvBlocks(shape, KvBytesPerBlock(shape));

    public override void CopyToHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies) => Swap(cache, host, copies, toHost: true);

    public override void CopyFromHost(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies) => Swap(cache, host, copies, toHost: false);

    private void Swap(KvCache cache, HostKvBlocks host, ReadOnlySpan<BlockCopy> copies, bool toHost)
    {
        host.Check(cache, copies, toHost);
        var own = (CpuKvCache)cache;
        int layers = cache.Shape.Layers;
        fixed (BlockCopy* pointer = copies)
        {
            _team.Run(copies.Length * layers, new SwapBlocksJob(own.Layer(0), own.LayerStride, layers, ((CpuHostKvBlocks)host).Memory, pointer, toHost));
        }
    }
}
