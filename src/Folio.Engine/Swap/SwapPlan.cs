namespace Folio.Engine;

/// <summary>How many blocks of preempted groups each tier holds; 0: there is no such tier.</summary>
internal readonly record struct SwapPlan(int HostBlocks, int DiskBlocks)
{
    /// <summary>Reads <see cref="EngineOptions.SwapSpace"/> and <see cref="EngineOptions.DiskSwapSpace"/>.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="usual">Bytes of host memory unless told otherwise.</param>
    /// <param name="bytesPerBlock">One block over all layers.</param>
    /// <param name="availableBytes">Host memory that may still be taken, the KV cache's not counted.</param>
    /// <exception cref="FolioException">More was asked for than there is, or less than a block.</exception>
    public static SwapPlan Create(EngineOptions options, long usual, long bytesPerBlock, long availableBytes)
    {
        if (options.PreemptionMode == PreemptionMode.Recompute) return default;
        if (options.SwapSpace > availableBytes)
            throw new FolioException($"--swap-space (SwapSpace) is {SizeText.Of(options.SwapSpace.Value)}; {SizeText.Of(Math.Max(0, availableBytes))} of memory are free beside the KV cache.");

        int host = Blocks(options.SwapSpace ?? Math.Clamp(usual, 0, Math.Max(0, availableBytes)), bytesPerBlock);
        int disk = options.SwapDirectory is null ? 0 : Blocks(options.DiskSwapSpace, bytesPerBlock);
        if (options.SwapSpace > 0 && host == 0) throw LessThanABlock("--swap-space (SwapSpace)", options.SwapSpace.Value, bytesPerBlock);
        if (options.SwapDirectory is not null && disk == 0) throw LessThanABlock("--disk-swap-space (DiskSwapSpace)", options.DiskSwapSpace, bytesPerBlock);
        if (options.PreemptionMode == PreemptionMode.Swap && host + disk == 0) throw new FolioException("--preemption-mode (PreemptionMode) is swap, and there is no swap space: raise --swap-space (SwapSpace), or give --swap-directory (SwapDirectory).");
        return new(host, disk);
    }

    private static int Blocks(long bytes, long bytesPerBlock) => (int)Math.Min(bytes / bytesPerBlock, Array.MaxLength);

    private static FolioException LessThanABlock(string option, long bytes, long bytesPerBlock) =>
        new($"{option} is {SizeText.Of(bytes)}; one block takes {SizeText.Of(bytesPerBlock)}.");
}
