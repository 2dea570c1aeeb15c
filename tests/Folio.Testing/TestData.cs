using System.Buffers.Binary;
using System.Text;

namespace Folio.Testing;

/// <summary>Finds the repository and the reference data that lies beside it.</summary>
public static class TestData
{
    /// <summary>The folder of Folio.slnx.</summary>
    public static string Repository { get; } = FindRepository();

    public static string DemoModel => Path.Combine(Repository, "models", "demo", "folio-demo.Q8_0.gguf");

    /// <summary>A copy of the demo model whose chat template doesn't parse.</summary>
    public static string DemoModelWithBrokenTemplate() => DemoModelWithTemplate("{% fur message in messages %}");

    /// <summary>A copy of the demo model with another chat template.</summary>
    /// <param name="template">No longer than the model's own: 198 characters.</param>
    public static string DemoModelWithTemplate(string template) => ChangedDemoModel(file =>
    {
        const string key = "tokenizer.chat_template";
        Span<byte> value = file[(file.IndexOf(Encoding.UTF8.GetBytes(key)) + key.Length + sizeof(uint))..]; // behind the value's type
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(value);
        Encoding.UTF8.GetBytes(template + "{#" + new string(' ', length - template.Length - 4) + "#}").CopyTo(value[sizeof(ulong)..]);
    });

    /// <summary>A copy of the demo model whose special token &lt;|im_start|&gt; has another text, in its template too.</summary>
    /// <param name="mark">Of as many characters: 12.</param>
    public static string DemoModelWithMark(string mark) => ChangedDemoModel(file =>
    {
        for (int at = file.IndexOf("<|im_start|>"u8); at >= 0; at = file.IndexOf("<|im_start|>"u8)) Encoding.UTF8.GetBytes(mark).CopyTo(file[at..]);
    });

    private static string ChangedDemoModel(Action<Span<byte>> change)
    {
        byte[] file = File.ReadAllBytes(DemoModel);
        change(file);
        string path = Path.Combine(Directory.CreateTempSubdirectory("folio-test-").FullName, "folio-demo.gguf");
        File.WriteAllBytes(path, file);
        return path;
    }

    private static string SharedRoot => Path.Combine(Repository, "..", "shared");

    /// <summary>The path of a file or folder under ../shared; skips the running test where it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        string path = Path.GetFullPath(Path.Combine([SharedRoot, .. parts]));
        if (!File.Exists(path) && !Directory.Exists(path)) Assert.Skip($"the reference data {Path.Combine(["../shared", .. parts])} is not here");
        return path;
    }

    /// <summary>Names of the entries of a folder under ../shared; empty where it is absent. For theory data.</summary>
    public static IReadOnlyList<string> SharedNames(string folder, string pattern = "*")
    {
        string path = Path.Combine(SharedRoot, folder);
        if (!Directory.Exists(path)) return [];
        return [.. Directory.EnumerateFileSystemEntries(path, pattern).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal)];
    }

    private static string FindRepository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Folio.slnx"))) return folder;
        }

        throw new InvalidOperationException($"no Folio.slnx above {AppContext.BaseDirectory}");
    }
}
