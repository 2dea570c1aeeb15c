using System.IO.Hashing;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Folio.Engine;

/// <summary>Prefixes that outlive the engine: a file with the tree of their blocks, read at start, and the blocks' images, read when somebody asks for one.</summary>
/// <remarks>
/// One file a model: its name is a digest of the model, its weights and the layout of a block. It is written whole at shutdown (<see cref="Save"/>) and never
/// changed, so several engines may share a folder; the last to end leaves its own. What doesn't check is not used: a file that is torn or of another
/// version costs one warning, an image that is torn costs its prefix. Checksums find accidents; who may write to the folder can forge them.
/// Looking up and loading allocate nothing. The engine's thread owns it.
/// </remarks>
internal sealed partial class PrefixStore : IDisposable
{
    /// <summary>The parent of a prompt's first block.</summary>
    public const int Root = PrefixTable.Root;

    /// <summary>No such record.</summary>
    public const int None = PrefixTable.None;

    private const ulong Magic = 0x564B_2D4F_494C_4F46; // "FOLIO-KV"
    private const int Format = 1;

    private static readonly Digest s_version = Digest.Of(typeof(PrefixStore).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion);

    private readonly string _path;
    private readonly Digest _fingerprint;
    private readonly PrefixFileLayout _layout;
    private readonly long _mostBytes;
    private readonly byte[] _image;
    private PrefixTable _stored;
    private int[] _loads = []; // [records] how often each was loaded in this run
    private SafeFileHandle? _file;
    private bool _forgotten;

    private PrefixStore(string path, Digest fingerprint, PrefixFileLayout layout, long mostBytes)
    {
        (_path, _fingerprint, _layout, _mostBytes) = (path, fingerprint, layout, mostBytes);
        _image = new byte[layout.BytesPerBlock];
        _stored = new PrefixTable(0, layout.BlockSize);
    }

    /// <summary>Blocks that the file keeps.</summary>
    public int Count => _stored.Count;

    /// <summary>Blocks whose image didn't check, or couldn't be read.</summary>
    public int Dropped { get; private set; }

    /// <param name="directory">Made if it isn't there.</param>
    /// <param name="fingerprint"><see cref="CacheFingerprint"/>.</param>
    /// <param name="blockSize">Tokens of a block.</param>
    /// <param name="bytesPerBlock">Of an image.</param>
    /// <param name="mostBytes">Of the file.</param>
    /// <param name="warning">Why a file that is there is not used, as a sentence; else null.</param>
    /// <exception cref="FolioException">The folder can't be made.</exception>
    public static PrefixStore Open(string directory, Digest fingerprint, int blockSize, int bytesPerBlock, long mostBytes, out string? warning)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            throw new FolioException($"{directory}: prefixes can't be kept there: {error.Message}", error);
        }

        string path = Path.Combine(directory, $"prefixes-{fingerprint.A:x16}.folio");
        var store = new PrefixStore(path, fingerprint, new(blockSize, bytesPerBlock), mostBytes);
        string? problem = store.ReadTable();
        warning = problem is null ? null : $"{path}: the prefixes kept there are not used: {problem}.";
        return store;
    }

    /// <summary>Looks for the block that follows a record (or begins a prompt): in the caller's own namespace, then in everybody's while the chain is everybody's.</summary>
    /// <param name="parent">A record found before, or <see cref="Root"/>.</param>
    /// <param name="tokens">[blockSize]</param>
    /// <param name="salt">Digest of the request's salt.</param>
    /// <returns>The record, or <see cref="None"/>.</returns>
    public int Find(int parent, ReadOnlySpan<int> tokens, in Digest salt)
    {
        if (_stored.Count == 0) return None;
        int own = _stored.Find(parent, salt, tokens);
        if (own != None || (parent != Root && _stored[parent].Namespace != default)) return own;
        return _stored.Find(parent, default, tokens);
    }

    /// <summary>Puts a record's image into a block of the cache.</summary>
    /// <returns>False, and neither the record nor those that follow it are found any more, if its image isn't what was written.</returns>
    public bool TryLoad(int record, IModelRunner runner, int block)
    {
        if (!TryRead(record, _image)) return false;
        runner.WriteBlock(block, _image);
        _loads[record]++;
        return true;
    }

    /// <summary>Reads a record's image: [bytesPerBlock].</summary>
    public bool TryRead(int record, Span<byte> image)
    {
        bool read;
        try
        {
            read = _file!.TryReadAll(image, _layout.Image(record)) && XxHash3.HashToUInt64(image) == _stored[record].Checksum;
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            read = false;
        }

        if (read) return true;
        _stored.Drop(record);
        Dropped++;
        return false;
    }

    /// <summary>Finds nothing any more; at the end the file is replaced, or deleted.</summary>
    public void Forget()
    {
        _stored = new PrefixTable(0, _layout.BlockSize);
        _loads = [];
        _forgotten = true;
    }

    public void Dispose() => _file?.Dispose();

    /// <returns>What is wrong with the file; null: nothing, or there is none.</returns>
    private string? ReadTable()
    {
        string? problem;
        try
        {
            if (!File.Exists(_path)) return null;
            _file = File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
            problem = ReadTable(_file);
        }
        catch (Exception error) when (PrivateFile.IsRefusal(error))
        {
            problem = $"it can't be read ({error.Message})";
        }

        if (problem is null) return null;
        _file?.Dispose();
        _file = null;
        return problem;
    }

    /// <summary>Believes nothing before it is checked: the counts of the header size what is read next.</summary>
    private string? ReadTable(SafeFileHandle file)
    {
        PrefixFileHeader header = default;
        long length = RandomAccess.GetLength(file);
        if (!file.TryReadAll(MemoryMarshal.AsBytes(new Span<PrefixFileHeader>(ref header)), 0) || header.Magic != Magic) return "it is not a file of prefixes";
        if (header.Format != Format) return $"it is of format {header.Format}; this version of Folio reads format {Format}";
        if (header.Checksum != header.ComputeChecksum()) return "its header is damaged";
        if (header.Folio != s_version) return "another version of Folio wrote it";
        if (header.Fingerprint != _fingerprint || header.BlockSize != _layout.BlockSize || header.BytesPerBlock != _layout.BytesPerBlock)
            return "it belongs to another model, other weights or another layout of blocks";
        if (length > _mostBytes) return $"it takes {SizeText.Of(length)}; --prefix-cache-disk-space (PrefixCacheDiskSpace) allows {SizeText.Of(_mostBytes)}";
        if (header.Records < 0 || header.Records > _layout.RecordsIn(length) || length != _layout.Length(header.Records))
            return $"it has {length} bytes, which are not those of {header.Records} blocks";
        if (PrefixTable.Read(file, _layout.Table(header.Records), header.Records, _layout.BlockSize, header.TableChecksum) is not { } table) return "its table is damaged";

        _stored = table;
        _loads = new int[table.Count];
        return null;
    }
}
