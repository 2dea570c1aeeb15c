namespace Folio.Engine;

/// <summary>Where the blocks of a preempted group may wait.</summary>
public enum SwapTier
{
    Host,
    Disk,
}
