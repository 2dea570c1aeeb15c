namespace Folio.Formats.Tests;

/// <summary>A folder of files that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private TemporaryFolder() => Path = Directory.CreateTempSubdirectory("folio-formats-").FullName;

    public string Path { get; }

    public static TemporaryFolder With(params (string Name, byte[] Bytes)[] files)
    {
        var folder = new TemporaryFolder();
        foreach ((string name, byte[] bytes) in files)
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(folder.File(name))!);
            System.IO.File.WriteAllBytes(folder.File(name), bytes);
        }

        return folder;
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
