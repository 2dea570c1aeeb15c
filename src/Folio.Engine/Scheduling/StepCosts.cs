using System.Numerics;

namespace Folio.Engine;

/// <summary>How long steps and swaps take: estimates, mended by what is seen. They price ways back for a preempted group, and prompts beside those who decode.</summary>
/// <remarks>
/// They decide how long things take, never what is answered. What is computed again runs beside others, whose step reads the weights anyway: a token costs what a step with a
/// prompt takes longer than one without, by token of the prompt.
/// </remarks>
internal sealed class StepCosts
{
    /// <summary>Steps with so many tokens of prompts tell what one costs.</summary>
    private const int TellingTokens = 16;

    private Rate _token;
    private readonly Rate[] _decodes = new Rate[16]; // a sequence's part of a step without a prompt, by the binary logarithm of how many there are
    private readonly Rate[] _moves = new Rate[2]; // [tiers]

    /// <param name="secondsPerToken">Of a prompt, beside what runs.</param>
    /// <param name="hostSecondsPerBlock">To or from host memory, one way.</param>
    /// <param name="diskSecondsPerBlock">To or from disk, one way.</param>
    public StepCosts(double secondsPerToken, double hostSecondsPerBlock, double diskSecondsPerBlock)
    {
        _token = new(secondsPerToken);
        _moves[(int)SwapTier.Host] = new(hostSecondsPerBlock);
        _moves[(int)SwapTier.Disk] = new(diskSecondsPerBlock);
    }

    /// <summary>Until something was measured: a thousand tokens a second, memory at 2 GB/s, a disk at 200 MB/s.</summary>
    public static StepCosts For(long bytesPerBlock) => new(1e-3, bytesPerBlock / 2e9, bytesPerBlock / 2e8);

    public double Recompute(long tokens) => tokens * _token.Mean;

    /// <summary>How many tokens of prompts a step takes beside its decodes, if they may lengthen it by so much; where the decodes alone take longer than that, they may double it.</summary>
    public int PromptTokens(TimeSpan stall, int decodes) => (int)Math.Min(int.MaxValue, Math.Max(stall.TotalSeconds, Decode(decodes)) / _token.Mean);

    /// <summary>Out and back.</summary>
    public double Swap(SwapTier tier, int blocks) => 2 * blocks * _moves[(int)tier].Mean;

    /// <param name="sequences">That took part in the step.</param>
    /// <param name="promptTokens">Of its rows, those beyond one a sequence.</param>
    /// <param name="seconds">That it took.</param>
    public void Computed(int sequences, int promptTokens, double seconds)
    {
        if (promptTokens == 0) _decodes[Bucket(sequences)].Observe(sequences, seconds);
        else if (promptTokens >= TellingTokens) _token.Observe(promptTokens, Math.Max(0, seconds - Decode(sequences, most: seconds * 2 * sequences / (2 * sequences + promptTokens))));
    }

    public void Moved(SwapTier tier, int blocks, double seconds)
    {
        if (blocks > 0) _moves[(int)tier].Observe(blocks, seconds);
    }

    /// <summary>Seconds of a step without prompts, by what was seen of as many sequences, or else of more, or of fewer.</summary>
    /// <remarks>
    /// From more it is taken to shrink with the square root: less than in proportion, as it reads the weights once. From fewer it is taken to grow in proportion, which is rather too much: then prompts get
    /// more than they should for a while, which shows what their tokens cost; the other way about they would get too few for it ever to show. Of a step that was seen it takes no more than
    /// rows that cost twice a prompt's would.
    /// </remarks>
    private double Decode(int sequences, double most = double.PositiveInfinity)
    {
        int bucket = Bucket(sequences);
        if (_decodes[bucket].Observed) return sequences * _decodes[bucket].Mean;
        for (int i = bucket + 1; i < _decodes.Length; i++)
        {
            if (_decodes[i].Observed) return Math.Sqrt((double)sequences * (1 << i)) * _decodes[i].Mean;
        }

        for (int i = bucket - 1; i >= 0; i--)
        {
            if (_decodes[i].Observed) return Math.Min(most, sequences * _decodes[i].Mean);
        }

        return 0;
    }

    private int Bucket(int sequences) => Math.Min(_decodes.Length - 1, BitOperations.Log2((uint)sequences));

    /// <summary>How much there is of something for one of another; the first observation takes the guess's place, each later one weighs an eighth.</summary>
    private struct Rate(double guess)
    {
        public bool Observed { get; private set; }

        public double Mean { get; private set; } = guess;

        public void Observe(int count, double sum)
        {
            Mean += (sum / count - Mean) / (Observed ? 8 : 1);
            Observed = true;
        }
    }
}
