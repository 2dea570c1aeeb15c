using System.Runtime.InteropServices;

namespace Folio.Compute;

/// <summary>What is done to one id's logit before a draw. An id is once in a list.</summary>
/// <param name="Uses">Times in the output, and flags.</param>
/// <param name="Bias">Added first.</param>
[StructLayout(LayoutKind.Sequential)]
public record struct LogitChange(int Id, uint Uses, float Bias)
{
    /// <summary>It can't be drawn.</summary>
    public const uint Excluded = 1u << 31;

    /// <summary>It is in the prompt or the output.</summary>
    public const uint Repeated = 1u << 30;

    private const uint Count = Repeated - 1;

    /// <summary>Times in the output.</summary>
    public readonly int OutputCount => (int)(Uses & Count);
}

/// <param name="Repetition">Divides positive logits of ids that are in the prompt or the output, multiplies negative ones; 1: off.</param>
/// <param name="Frequency">Subtracted once for each time in the output; 0: off.</param>
/// <param name="Presence">Subtracted from ids that are in the output; 0: off.</param>
public readonly record struct LogitPenalties(float Repetition, float Frequency, float Presence);

/// <summary>An id of a row, with its log-probability.</summary>
/// <param name="Rank">1 for the likeliest id.</param>
public readonly record struct TokenRank(int Token, float Logprob, int Rank);

/// <summary>What is to be told of a row: the drawn id, and the likeliest ones.</summary>
/// <param name="Token">Whose log-probability and rank are wanted, in [0, vocabulary).</param>
/// <param name="Top">How many of the likeliest ids.</param>
public readonly record struct LogprobRequest(int Row, int Token, int Top);
