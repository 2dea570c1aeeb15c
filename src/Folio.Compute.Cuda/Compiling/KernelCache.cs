using System.Security.Cryptography;
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

    /// <summary>A file is the code and its SHA-256: what was cut short or has changed is none.</summary>
    private static byte[]? TryRead(string path)
    {
        try
        {
            byte[] file = File.ReadAllBytes(path);
            int length = file.Length - SHA256.HashSizeInBytes;
            return length > 0 && SHA256.HashData(file.AsSpan(0, length)).AsSpan().SequenceEqual(file.AsSpan(length)) ? file[..length] : null;
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
            using (FileStream file = PrivateFile.Create(partial, code.Length + SHA256.HashSizeInBytes, FileOptions.None))
            {
                file.Write(code);
                file.Write(SHA256.HashData(code));
            }

            File.Move(partial, path, overwrite: true);
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
        }
    }
}
