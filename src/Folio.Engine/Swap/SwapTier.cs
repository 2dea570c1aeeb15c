namespace Folio.Engine;

/// <summary>Where the blocks of a preempted group may wait.</summary>
internal enum SwapTier
{
    Host,
    Disk,
}
