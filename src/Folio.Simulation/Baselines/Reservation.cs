namespace Folio.Simulation;

/// <summary>How many slots a system reserves for a sequence when it starts (the paper's §6.1).</summary>
internal enum Reservation
{
    /// <summary>The longest sequence that the model allows.</summary>
    Max,

    /// <summary>The prompt, and the output's true length rounded up to a power of two.</summary>
    Pow2,

    /// <summary>The prompt and the output's true length: not to be had in practice.</summary>
    Oracle,
}

internal static class Reservations
{
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="output">The output's true length.</param>
    /// <param name="longest">Tokens of the longest sequence.</param>
    /// <returns>Slots that are asked of the allocator.</returns>
    public static int Slots(this Reservation reservation, int prompt, int output, int longest) => reservation switch
    {
        Reservation.Max => longest,
        Reservation.Pow2 => Math.Min(longest, prompt + BuddyAllocator.Rounded(output)),
        _ => prompt + output,
    };
}
