namespace Folio.Engine;

/// <summary>What it costs to get a preempted group's keys and values back: estimates, mended by what steps and swaps are seen to take.</summary>
/// <remarks>They decide how long things take, never what is answered.</remarks>
internal sealed class PreemptionCosts
{
    /// <summary>Steps of so many tokens and more tell what a prompt's token costs; smaller ones are bound by reading the weights.</summary>
    private const int TellingTokens = 32;

    private Rate _token;
    private readonly Rate[] _moves = new Rate[2]; // [tiers]

    /// <param name="secondsPerToken">Of a prompt.</param>
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

    public double Recompute(long tokens) => tokens * _token.Seconds;

    /// <summary>Out and back.</summary>
    public double Swap(SwapTier tier, int blocks) => 2 * blocks * _moves[(int)tier].Seconds;

    public void Computed(int tokens, double seconds)
    {
        if (tokens >= TellingTokens) _token.Observe(tokens, seconds);
    }

    public void Moved(SwapTier tier, int blocks, double seconds)
    {
        if (blocks > 0) _moves[(int)tier].Observe(blocks, seconds);
    }

    /// <summary>Seconds for one of something; each observation weighs an eighth.</summary>
    private struct Rate(double seconds)
    {
        public double Seconds { get; private set; } = seconds;

        public void Observe(int count, double seconds) => Seconds += (seconds / count - Seconds) / 8;
    }
}
