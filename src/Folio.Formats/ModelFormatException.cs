namespace Folio.Formats;

/// <summary>A model file that is missing, broken or not what its neighbours say it is.</summary>
public sealed class ModelFormatException : FolioException
{
    /// <param name="file">The file's name, which begins the message.</param>
    /// <param name="problem">A sentence: what is wrong, where, and what was expected.</param>
    public ModelFormatException(string file, string problem) : base($"{file}: {problem}") { }

    public ModelFormatException(string file, string problem, Exception inner) : base($"{file}: {problem}", inner) { }
}
