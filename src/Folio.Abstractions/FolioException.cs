namespace Folio;

/// <summary>An error for the person who can mend it: its message names what is wrong and what was expected.</summary>
/// <remarks>Every error that Folio raises on purpose derives from this type, so a caller can tell it from a defect.</remarks>
public class FolioException : Exception
{
    public FolioException(string message) : base(message) { }

    public FolioException(string message, Exception inner) : base(message, inner) { }
}
