using System.IO.Hashing;
using System.Runtime.InteropServices;
using Folio.Compute.Blocks;

namespace Folio.Compute.Cpu;

/// <summary>A folder where packed weights outlive the process: a file a checkpoint, which the next start maps instead of packing anew.</summary>
/// <remarks>
/// Whatever is amiss with the folder costs a warning and the time to pack, nothing else. Files that were used least lately are deleted when a new one makes them
/// take more than <paramref name="mostBytes"/>. A file's name tells where its checkpoint lies and its header which weights of whose packing it holds: a checkpoint that
/// is packed by another build, or has changed, replaces its own file.
/// </remarks>
/// <param name="directory">Made when something is to be kept.</param>
/// <param name="mostBytes">That all files take together.</param>
/// <param name="warning">Told what is amiss, in a sentence. Any thread.</param>
public sealed class PackedWeightCache(string directory, long mostBytes, Action<string>? warning = null)
{
    private const string Ending = ".folio-packed";

    private static readonly TimeSpan s_abandoned = TimeSpan.FromHours(1); // nobody writes a file for so long

    /// <summary>Equal in processes that lay out panels alike, and put the same into them: blocks are unpacked by the project of the contracts.</summary>
    internal static Guid Build { get; } = DigestOf($"{typeof(PackedWeightCache).Module.ModuleVersionId} {typeof(QuantizedBlocks).Module.ModuleVersionId}");

    internal long MostBytes => mostBytes;

    /// <summary>Fewer are packed about as fast as a file is found.</summary>
    internal long LeastBytes { get; init; } = 16 << 20;

    internal static Guid DigestOf(string text) => new(XxHash128.Hash(MemoryMarshal.AsBytes(text.AsSpan())));

    /// <summary>Where the choice of tiles is kept.</summary>
    internal string TilesPath => Path.Combine(directory, "tiles.txt");

    /// <summary>A name a place: a checkpoint that has changed replaces its own file.</summary>
    internal string PathOf(WeightOrigin origin) => Path.Combine(directory, $"{DigestOf(origin.Place):N}{Ending}");

    internal static Guid DigestOf(WeightOrigin origin) => DigestOf($"{origin.Place}\n{origin.Content}");

    internal void Warn(string sentence) => warning?.Invoke(sentence);

    /// <summary>Marks a file as used just now.</summary>
    internal static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            // A folder that can only be read keeps its order.
        }
    }

    /// <summary>Deletes what processes that were killed have left half written.</summary>
    internal void Sweep()
    {
        foreach (FileInfo file in Files($"*{Ending}.*.tmp"))
        {
            if (DateTime.UtcNow - file.LastWriteTimeUtc > s_abandoned) TryDelete(file);
        }
    }

    /// <summary>A folder that is made is its owner's alone, as the files are: a model may be confidential.</summary>
    internal static void MakeFolder(string directory)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Makes the folder, and room for a file as far as the disk lacks it: what others use goes when the new file is in place.</summary>
    internal void MakeRoom(string path, long bytes)
    {
        MakeFolder(directory);
        long lacking = bytes - FreeSpace();
        foreach (FileInfo file in Files($"*{Ending}").OrderBy(file => file.FullName != Path.GetFullPath(path)).ThenBy(file => file.LastWriteTimeUtc)) // its predecessor first
        {
            long length = LengthOf(file);
            if (lacking > 0 && TryDelete(file)) lacking -= length;
        }
    }

    /// <summary>Deletes files that were used least lately, as far as all take more than they may together.</summary>
    /// <param name="path">Stays: the file that has just been written.</param>
    internal void Trim(string path)
    {
        long taken = LengthOf(new(path));
        foreach (FileInfo file in Files($"*{Ending}").Where(file => file.FullName != Path.GetFullPath(path)).OrderByDescending(file => file.LastWriteTimeUtc))
        {
            long length = LengthOf(file);
            if (taken + length <= mostBytes || !TryDelete(file)) taken += length;
        }
    }

    private long FreeSpace()
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            return long.MaxValue; // a network's folder: writing shows it
        }
    }

    /// <returns>0: another process has deleted it.</returns>
    private static long LengthOf(FileInfo file) => file.Exists ? file.Length : 0;

    private FileInfo[] Files(string pattern)
    {
        try
        {
            var folder = new DirectoryInfo(directory);
            return folder.Exists ? folder.GetFiles(pattern) : [];
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            return []; // whoever writes there says what is wrong
        }
    }

    /// <summary>A file that can't be deleted is somebody else's affair.</summary>
    private static bool TryDelete(FileInfo file)
    {
        try
        {
            file.Delete();
            return true;
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            return false;
        }
    }
}
