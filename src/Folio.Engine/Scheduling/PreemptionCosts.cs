namespace Folio.Engine;

/// <summary>What it costs to get a preempted group's keys and values back: estimates, mended by what steps and swaps are seen to take.</summary>
/// <remarks>
/// They decide how long things take, never what is answered. What is computed again runs beside others, whose step reads the weights anyway: a token costs what a step with a
/// prompt takes longer than one without, by token of the prompt.
/// </remarks>
internal sealed class PreemptionCosts
{
    /// <summary>Steps of fewer tokens have hardly a prompt in them; those with so many more than these tell what a prompt's token costs.</summary>
    private const int TellingTokens = 32;

    private Rate _token;
    private Rate _smallTokens;  // of a small step
    private Rate _smallSeconds; // the same
    private readonly Rate[] _moves = new Rate[2]; // [tiers]

    /// <param name="secondsPerToken">Of a prompt, beside what runs.</param>
    /// <param name="hostSecondsPerBlock">To or from host memory, one way.</param>
    /// <param name="diskSecondsPerBlock">To or from disk, one way.</param>
    public PreemptionCosts(double secondsPerToken, double hostSecondsPerBlock, double diskSecondsPerBlock)
    {
        _token = new(secondsPerToken);
        _moves[(int)SwapTier.Host] = new(hostSecondsPerBlock);
        _moves[(int)SwapTier.Disk] = new(diskSecondsPerBlock);
    }

    /// <summary>Until something was measured: a thousand tokens a second, memory at 2 GB/s, a disk at 200 MB/s.</summary>
    public static PreemptionCosts For(long bytesPerBlock) => new(1e-3, bytesPerBlock / 2e9, bytesPerBlock / 2e8);

    public double Recompute(long tokens) => tokens * _token.Mean;

    /// <summary>Out and back.</summary>
    public double Swap(SwapTier tier, int blocks) => 2 * blocks * _moves[(int)tier].Mean;

    public void Computed(int tokens, double seconds)
    {
        if (tokens < TellingTokens)
        {
            _smallTokens.Observe(1, tokens);
            _smallSeconds.Observe(1, seconds);
        }
        else if (tokens - _smallTokens.Mean >= TellingTokens)
        {
            _token.Observe(tokens - _smallTokens.Mean, Math.Max(0, seconds - _smallSeconds.Mean));
        }
    }

    public void Moved(SwapTier tier, int blocks, double seconds)
    {
        if (blocks > 0) _moves[(int)tier].Observe(blocks, seconds);
    }

    /// <summary>How much there is of something for one of another; each observation weighs an eighth.</summary>
    private struct Rate(double mean)
    {
        public double Mean { get; private set; } = mean;

        public void Observe(double count, double sum) => Mean += (sum / count - Mean) / 8;
    }
}
