using Folio.Compute.Cuda.Interop;

namespace Folio.Compute.Cuda.Compiling;

/// <summary>Compiled kernels, kept on disk by the hash of all that they were compiled from: a start after the first compiles nothing.</summary>
/// <param name="folder">Null: nothing is kept.</param>
internal sealed class KernelCache(string? folder)
{
    /// <summary>The machine code of a kernel file for a card.</summary>
    public byte[] Get(KernelSource source, string architecture)
    {
        string? path = folder is null ? null : Path.Combine(folder, source.Key(architecture, Nvrtc.Version) + ".cubin");
        if (path is not null && TryRead(path) is { } kept) return kept;
        byte[] code = Nvrtc.Compile(source.File, source.Text, KernelSource.Headers, source.Options(architecture), out _);
        if (path is not null) Keep(path, code);
        return code;
    }

    private static byte[]? TryRead(string path)
    {
        try
        {
            byte[] code = File.ReadAllBytes(path);
            return code.AsSpan().StartsWith("\u007FELF"u8) ? code : null;
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            return null;
        }
    }

    /// <summary>Written beside its place and moved there, so that no process ever reads half of it. A folder that can't be written only costs the next start its time.</summary>
    private static void Keep(string path, byte[] code)
    {
        string partial = $"{path}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (FileStream file = PrivateFile.Create(partial, code.Length, FileOptions.None)) file.Write(code);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
        }
    }
}
