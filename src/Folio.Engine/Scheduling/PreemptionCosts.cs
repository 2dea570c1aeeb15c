namespace Folio.Engine;

/// <summary>What it costs to get a preempted group's keys and values back: estimates, mended by what steps and swaps are seen to take.</summary>
/// <remarks>
/// They decide how long things take, never what is answered. What is computed again runs beside others, whose step reads the weights anyway: a token costs what a step with a
/// prompt takes longer than one without, by token of the prompt.
/// </remarks>
internal sealed class PreemptionCosts
{
    /// <summary>Steps with so many tokens of prompts tell what one costs.</summary>
    private const int TellingTokens = 32;

    private Rate _token;
    private Rate _decode; // a step without a prompt
    private bool _decoded;
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

    /// <param name="promptTokens">Of the step's rows, those beyond one a sequence.</param>
    /// <param name="seconds">That the step took.</param>
    public void Computed(int promptTokens, double seconds)
    {
        if (promptTokens == 0)
        {
            if (_decoded) _decode.Observe(1, seconds);
            else (_decode, _decoded) = (new(seconds), true);
        }
        else if (promptTokens >= TellingTokens)
        {
            _token.Observe(promptTokens, Math.Max(0, seconds - _decode.Mean));
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

        public void Observe(int count, double sum) => Mean += (sum / count - Mean) / 8;
    }
}
