using System.IO.Hashing;
using System.Runtime.InteropServices;
using Folio.Paging;
using Microsoft.Win32.SafeHandles;

namespace Folio.Engine;

/// <summary>Copies a block of the cache to host memory, as <see cref="IModelRunner.ReadBlock"/> does.</summary>
internal delegate void ReadImage(int block, Span<byte> image);

internal sealed partial class PrefixStore
{
    private static readonly TimeSpan s_abandoned = TimeSpan.FromHours(1); // no engine writes for so long

    /// <summary>Writes what is worth keeping in place of the old file, and closes the store. Where nothing was found and nothing is new, the old file stays.</summary>
    /// <param name="blocks">All that the prefix index knows, parents before their children.</param>
    /// <param name="read">Reads one of them.</param>
    /// <returns>Why nothing could be kept, as a sentence; null: it is.</returns>
    public string? Save(IEnumerable<IndexedBlock> blocks, ReadImage read)
    {
        try
        {
            DeleteAbandoned();
            var selection = new PrefixSelection(_stored, _loads, [.. blocks], _layout.BlockSize);
            List<int> best = selection.Best(_layout.RecordsIn(_mostBytes));
            if (best.Count > 0 && (selection.Changed || _forgotten)) Replace(selection, best, read);
            else if (_forgotten) File.Delete(_path);
            return null;
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            return $"{_path}: prefixes can't be kept: {error.Message}";
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>The file appears whole or not at all: it is written under another name, brought to the disk and renamed.</summary>
    private void Replace(PrefixSelection selection, List<int> best, ReadImage read)
    {
        string temporary = $"{_path}.{Guid.NewGuid():N}.tmp";
        try
        {
            PrefixTable table;
            using (FileStream stream = PrivateFile.Create(temporary, _layout.Length(best.Count), FileOptions.None))
            {
                table = Write(stream.SafeFileHandle, selection, best, read);
                stream.Flush(flushToDisk: true);
            }

            Dispose(); // some systems don't replace a file that is open
            File.Move(temporary, _path, overwrite: true);
            _stored = table;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private PrefixTable Write(SafeFileHandle file, PrefixSelection selection, List<int> best, ReadImage read)
    {
        var table = new PrefixTable(best.Count, _layout.BlockSize);
        Dictionary<int, int> records = new(best.Count) { [Root] = Root }; // of each node written
        foreach (int node in best)
        {
            PrefixRecord chosen = selection[node];
            if (!records.TryGetValue(chosen.Parent, out int parent)) continue; // its parent's image was torn
            if (selection.Block(node) != None) read(selection.Block(node), _image);
            else if (!TryRead(selection.Stored(node), _image)) continue;

            int record = table.Add(new(parent, selection.Uses(node), chosen.Namespace, XxHash3.HashToUInt64(_image)), selection.Tokens(node));
            RandomAccess.Write(file, _image, _layout.Image(record));
            records.Add(node, record);
        }

        ulong checksum = table.Write(file, _layout.Table(table.Count));
        var header = new PrefixFileHeader(Magic, Format, _layout.BlockSize, _layout.BytesPerBlock, table.Count, s_version, _fingerprint, checksum, 0);
        header = header with { Checksum = header.ComputeChecksum() };
        RandomAccess.Write(file, MemoryMarshal.AsBytes(new ReadOnlySpan<PrefixFileHeader>(in header)), 0);
        return table;
    }

    /// <summary>What engines that were killed while writing have left.</summary>
    private void DeleteAbandoned()
    {
        foreach (string path in Directory.GetFiles(Path.GetDirectoryName(_path)!, $"{Path.GetFileName(_path)}.*.tmp"))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > s_abandoned) File.Delete(path);
        }
    }
}
