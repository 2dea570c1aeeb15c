using System.Security.Cryptography;
using System.Text;

namespace Folio.Compute.Cuda.Compiling;

/// <summary>A kernel's source for one purpose: a file of Kernels/ and the names that it leaves open (element types, head size), set by definitions.</summary>
/// <param name="File">paged_decode.cu</param>
/// <param name="Definitions">HEAD_DIM=128, in the order in which they are given to the compiler.</param>
internal sealed record KernelSource(string File, params string[] Definitions)
{
    /// <summary>What sources may include.</summary>
    public static readonly IReadOnlyDictionary<string, string> Headers = Read(".cuh");

    private static readonly Dictionary<string, string> Files = Read(".cu");

    public string Text => Files.TryGetValue(File, out string? text) ? text : throw new CudaException($"there is no kernel file {File}.");

    /// <summary>The options that compile it for a card.</summary>
    /// <param name="architecture">sm_90a</param>
    public string[] Options(string architecture) => [$"--gpu-architecture={architecture}", "--std=c++17", "--ptxas-options=-v", .. Definitions.Select(definition => "-D" + definition)];

    /// <summary>Names what comes out of compiling it: equal keys, equal code.</summary>
    public string Key(string architecture, (int Major, int Minor) compiler)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in (string[])[$"{compiler.Major}.{compiler.Minor}", .. Options(architecture), Text, .. Headers.OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => header.Value)])
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public override string ToString() => Definitions.Length == 0 ? File : $"{File} ({string.Join(", ", Definitions)})";

    private static Dictionary<string, string> Read(string extension)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in typeof(KernelSource).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(extension, StringComparison.Ordinal)))
        {
            using Stream stream = typeof(KernelSource).Assembly.GetManifestResourceStream(name)!;
            texts[name] = new StreamReader(stream).ReadToEnd();
        }

        return texts;
    }
}
