namespace Folio.Engine;

/// <summary>What the loop is at, for whoever asks why it doesn't get on.</summary>
internal enum StepPhase
{
    /// <summary>It sleeps: there is nothing to run, or it is paused.</summary>
    Asleep,

    /// <summary>Takes arrivals and cancellations, or does what was asked for between two steps.</summary>
    TakingMessages,

    Scheduling,

    /// <summary>Moves or copies blocks.</summary>
    MovingBlocks,

    Computing,

    Sampling,

    /// <summary>Appends the tokens and hands them out.</summary>
    Committing,
}
