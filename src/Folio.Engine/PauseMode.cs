namespace Folio.Engine;

/// <summary>What becomes of the requests that are there when an engine is paused. New ones are accepted and wait.</summary>
public enum PauseMode
{
    /// <summary>They fail.</summary>
    Abort,

    /// <summary>Those that have begun are finished first; those that wait go on waiting.</summary>
    Wait,

    /// <summary>They stop where they are, and go on when the engine does.</summary>
    Keep,
}
