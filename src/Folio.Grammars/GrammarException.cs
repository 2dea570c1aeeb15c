namespace Folio.Grammars;

/// <summary>A grammar that can't be used: its source is wrong, it asks for what isn't supported, or it exceeds a limit.</summary>
public sealed class GrammarException(string message) : FolioException(message);
