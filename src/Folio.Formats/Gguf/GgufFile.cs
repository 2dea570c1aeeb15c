namespace Folio.Formats;

/// <summary>A model in GGUF, version 2 or 3: magic, version, counts, metadata, tensor descriptions, padding, data. All little-endian.</summary>
/// <remarks>Source: docs/gguf.md of the ggml project, and llama.cpp's reader where the page is silent.</remarks>
public sealed unsafe class GgufFile : TensorFile
{
    private const int MostDimensions = 4;
    private const int MostNameBytes = 64;
    private const int MostAlignment = 1 << 20;
    private const int DefaultAlignment = 32;

    private readonly FileBytes _file;

    private GgufFile(FileBytes file) : base(file.Name)
    {
        Own(file);
        (_file, Metadata) = (file, new GgufMetadata(file));
    }

    public GgufMetadata Metadata { get; }

    /// <summary>The format's version: 2 or 3.</summary>
    public int Version { get; private set; }

    public static GgufFile Open(string path) => Open(FileBytes.Map(path));

    /// <summary>Reads a file that the caller already holds in memory (an embedded resource), and keeps there for as long as this lives.</summary>
    public static GgufFile FromMemory(byte* data, long length, string name) => Open(new FileBytes(data, length, name));

    private static GgufFile Open(FileBytes bytes)
    {
        var file = new GgufFile(bytes);
        try
        {
            file.Read();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Read()
    {
        var reader = new GgufReader(_file);
        (ulong tensors, ulong pairs) = ReadHead(ref reader);
        Metadata.Read(ref reader, pairs);
        RefuseSplit();

        var extents = new List<Extent>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long alignment = ReadAlignment();
        for (ulong i = 0; i < tensors; i++)
        {
            string name = reader.ReadName($"the name of tensor {i + 1} of {tensors}", MostNameBytes);
            if (!names.Add(name)) throw Extent.Problem(Name, name, "is in the header twice.");
            extents.Add(ReadTensor(ref reader, name, alignment));
        }

        Place(extents, AlignUp(reader.Position, alignment));
    }

    /// <returns>How many tensors and metadata pairs follow, checked against the room that is left for them.</returns>
    private (ulong Tensors, ulong Pairs) ReadHead(ref GgufReader reader)
    {
        const int leastPairBytes = 8 + 1 + 4 + 1;       // key length, key, type, value
        const int leastTensorBytes = 8 + 1 + 4 + 4 + 8; // name length, name, dimension count, type, offset

        _file.RefuseLfsPointer();
        if (reader.Read<uint>("the magic") != 0x46554747) throw new ModelFormatException(Name, "this is not a GGUF file: it doesn't begin with 'GGUF'.");
        uint version = reader.Read<uint>("the version");
        if (version != 0 && (version & 0xFFFF) == 0) throw new ModelFormatException(Name, "this GGUF file is big-endian; only little-endian ones are read.");
        if (version is not (2 or 3)) throw new ModelFormatException(Name, $"this is GGUF version {version}; versions 2 and 3 are read.");
        Version = (int)version;

        ulong tensors = reader.Read<ulong>("the number of tensors");
        ulong pairs = reader.Read<ulong>("the number of metadata pairs");
        if (tensors > (ulong)(reader.Remaining / leastTensorBytes)) throw new ModelFormatException(Name, $"the file is said to have {tensors} tensors, but only {reader.Remaining} bytes follow.");
        if (pairs > (ulong)(reader.Remaining / leastPairBytes)) throw new ModelFormatException(Name, $"the file is said to have {pairs} metadata pairs, but only {reader.Remaining} bytes follow.");
        return (tensors, pairs);
    }

    private void RefuseSplit()
    {
        if (Metadata.TryGetInt64("split.count", out long parts) && parts > 1)
        {
            throw new ModelFormatException(Name, $"this is one of {parts} parts of a model; `llama-gguf-split --merge` makes one file of them.");
        }
    }

    private long ReadAlignment()
    {
        if (!Metadata.TryGetInt64("general.alignment", out long alignment)) return DefaultAlignment;
        if (alignment is >= 8 and <= MostAlignment && long.IsPow2(alignment)) return alignment;
        throw new ModelFormatException(Name, $"metadata 'general.alignment' is {alignment}; a power of two from 8 to {MostAlignment} is expected.");
    }

    private Extent ReadTensor(ref GgufReader reader, string name, long alignment)
    {
        string what = $"the description of tensor '{name}'";
        uint dimensions = reader.Read<uint>(what);
        if (dimensions > MostDimensions) throw Extent.Problem(Name, name, $"is said to have {dimensions} dimensions; at most {MostDimensions} are allowed.");

        var shape = new long[dimensions];
        for (int i = shape.Length - 1; i >= 0; i--) // stored innermost first
        {
            ulong dimension = reader.Read<ulong>(what);
            if (dimension > long.MaxValue) throw Extent.Problem(Name, name, $"has a dimension of {dimension}, which is impossible.");
            shape[i] = (long)dimension;
        }

        TensorType type = GgufTensorTypes.Of(reader.Read<uint>(what), Name, name);
        ulong begin = reader.Read<ulong>(what);
        if (begin > (ulong)_file.Length) throw Extent.Problem(Name, name, $"is said to begin at byte {begin} of the data; the whole file has {_file.Length} bytes.");
        if (begin % (ulong)alignment != 0) throw Extent.Problem(Name, name, $"begins at byte {begin} of the data, which is not a multiple of the file's alignment of {alignment}.");
        return new Extent(name, type, shape, (long)begin, Extent.BytesOf(Name, name, type, shape, inRow: true));
    }

    private void Place(List<Extent> extents, long dataBegin)
    {
        long dataBytes = Math.Max(0, _file.Length - dataBegin);
        foreach (Extent extent in extents) extent.CheckInside(Name, dataBytes);
        Extent.CheckApart(Name, extents, dataBytes, gapless: false);
        foreach (Extent extent in extents)
        {
            Add(new StoredTensor(_file, extent.Name, extent.Type, extent.Shape, dataBegin + extent.Begin, extent.Bytes));
        }
    }

    private static long AlignUp(long position, long alignment) => (position + alignment - 1) & -alignment;
}
