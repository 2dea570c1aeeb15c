namespace Folio.Engine.Tests;

/// <summary>A folder of a test's own, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("folio-test-").FullName;

    /// <summary>Names of what lies in it now.</summary>
    public string[] Files => [.. Directory.GetFiles(Path).Select(path => System.IO.Path.GetFileName(path))];

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
