using System.Buffers.Binary;

namespace Folio.Formats;

/// <summary>A checkpoint in safetensors, in one file or in shards: header length (8 bytes, little-endian), JSON header, data.</summary>
/// <remarks>As strict as the format's reference reader: the tensors cover the data without gap or overlap, up to the file's last byte.</remarks>
public sealed unsafe class SafetensorsFile : TensorFile
{
    /// <summary>The reference reader's limit.</summary>
    private const int MostHeaderBytes = 100_000_000;

    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";

    private SafetensorsFile(string name) : base(name) { }

    /// <summary>Opens one file.</summary>
    public static SafetensorsFile Open(string path) => Open(FileBytes.Map(path));

    /// <summary>Reads a file that the caller already holds in memory, and keeps there for as long as this lives.</summary>
    public static SafetensorsFile FromMemory(byte* data, long length, string name) => Open(new FileBytes(data, length, name));

    /// <summary>Opens the weights of a folder as Hugging Face lays them out: model.safetensors, or shards and their index.</summary>
    public static SafetensorsFile OpenFolder(string folder)
    {
        string single = Path.Combine(folder, SingleName), index = Path.Combine(folder, IndexName);
        if (File.Exists(single)) return Open(single);
        if (File.Exists(index)) return OpenSharded(index);
        throw new ModelFormatException(folder, $"the folder holds neither {SingleName} nor {IndexName}.");
    }

    /// <summary>Opens all shards that an index names.</summary>
    public static SafetensorsFile OpenSharded(string indexPath)
    {
        SafetensorsIndex index = SafetensorsIndex.Open(indexPath);
        var file = new SafetensorsFile(Path.GetFileName(indexPath));
        try
        {
            string folder = Path.GetDirectoryName(indexPath) ?? "";
            foreach (string shard in index.Shards) file.Read(FileBytes.Map(Path.Combine(folder, shard)));
            index.Check(file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SafetensorsFile Open(FileBytes bytes)
    {
        var file = new SafetensorsFile(bytes.Name);
        try
        {
            file.Read(bytes);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Read(FileBytes file)
    {
        Own(file);
        file.RefuseLfsPointer();
        if (file.Length < 8) throw new ModelFormatException(file.Name, $"the file has {file.Length} bytes; the length of the header alone takes 8.");

        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(file.Data, 8));
        if (headerBytes > MostHeaderBytes) throw new ModelFormatException(file.Name, $"the header is said to have {headerBytes} bytes; at most {MostHeaderBytes} are allowed. Is this a safetensors file?");
        long dataBytes = file.Length - 8 - (long)headerBytes;
        if (dataBytes < 0) throw new ModelFormatException(file.Name, $"the header is said to have {headerBytes} bytes, but the file ends after {file.Length}: it is truncated.");

        List<Extent> extents = SafetensorsHeader.Read(new ReadOnlySpan<byte>(file.Data + 8, (int)headerBytes), file.Name);
        foreach (Extent extent in extents) extent.CheckInside(file.Name, dataBytes);
        Extent.CheckApart(file.Name, extents, dataBytes, gapless: true);
        foreach (Extent extent in extents)
        {
            Add(new StoredTensor(file, extent.Name, extent.Type, extent.Shape, 8 + (long)headerBytes + extent.Begin, extent.Bytes));
        }
    }
}
