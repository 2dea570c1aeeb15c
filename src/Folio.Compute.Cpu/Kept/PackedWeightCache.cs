using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Folio.Compute.Cpu;

/// <summary>A folder where packed weights outlive the process: a file a checkpoint, which the next start maps instead of packing anew.</summary>
/// <remarks>
/// Whatever is amiss with the folder costs a warning and the time to pack, nothing else. Files that were used least lately are deleted when a new one would make them
/// take more than <paramref name="mostBytes"/>, and a checkpoint that is packed by another build, or has changed, replaces its own file.
/// </remarks>
/// <param name="directory">Made when something is to be kept.</param>
/// <param name="mostBytes">That all files take together.</param>
/// <param name="warning">Told what is amiss, in a sentence. Any thread.</param>
public sealed class PackedWeightCache(string directory, long mostBytes, Action<string>? warning = null)
{
    private const string Ending = ".folio-packed";

    private static readonly TimeSpan s_abandoned = TimeSpan.FromHours(1); // nobody writes a file for so long

    /// <summary>Equal in processes that lay out panels alike.</summary>
    internal static Guid Build => typeof(PackedWeightCache).Module.ModuleVersionId;

    internal long MostBytes => mostBytes;

    /// <summary>Fewer are packed about as fast as a file is found.</summary>
    internal long LeastBytes { get; init; } = 16 << 20;

    internal static Guid DigestOf(string text) => new(XxHash128.Hash(MemoryMarshal.AsBytes(text.AsSpan())));

    /// <summary>Where the choice of tiles is kept.</summary>
    internal string TilesPath => Path.Combine(directory, "tiles.txt");

    internal string PathOf(Guid origin) => Path.Combine(directory, $"{origin:N}{Ending}");

    internal void Warn(string sentence) => warning?.Invoke(sentence);

    /// <summary>Whether an exception is the system's refusal to make, read or write a file, rather than a defect.</summary>
    internal static bool IsRefusal(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>Marks a file as used just now.</summary>
    internal static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception error) when (IsRefusal(error))
        {
            // A folder that can only be read keeps its order.
        }
    }

    /// <summary>Makes room for a file.</summary>
    internal void MakeRoom(string path, long bytes)
    {
        Directory.CreateDirectory(directory);
        var folder = new DirectoryInfo(directory);
        foreach (FileInfo file in folder.GetFiles($"*{Ending}.*.tmp"))
        {
            if (DateTime.UtcNow - file.LastWriteTimeUtc > s_abandoned) file.Delete();
        }

        long taken = bytes;
        foreach (FileInfo file in folder.GetFiles($"*{Ending}").Where(file => file.FullName != Path.GetFullPath(path)).OrderByDescending(file => file.LastWriteTimeUtc))
        {
            taken += file.Length;
            if (taken > mostBytes) file.Delete();
        }
    }
}
