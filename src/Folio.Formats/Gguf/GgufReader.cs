using System.Runtime.CompilerServices;
using System.Text;

namespace Folio.Formats;

/// <summary>Reads a GGUF header front to back; no read goes beyond the file.</summary>
internal unsafe struct GgufReader(FileBytes file, long position = 0)
{
    /// <summary>Nested arrays are in the format's grammar; no known model has any, so a few levels are plenty.</summary>
    private const int MostNesting = 8;

    private const int MostTextBytes = 64 << 20;

    public long Position { get; private set; } = position;

    public readonly long Remaining => file.Length - Position;

    /// <param name="what">Completes "the file ends inside …"; not composed here, for arrays have many elements.</param>
    public T Read<T>(string what) where T : unmanaged
    {
        Require(sizeof(T), what);
        T value = Unsafe.ReadUnaligned<T>(file.Data + Position);
        Position += sizeof(T);
        return value;
    }

    /// <summary>The bytes of a length-prefixed text.</summary>
    public ReadOnlySpan<byte> ReadText(string what, int mostBytes = MostTextBytes)
    {
        ulong length = Read<ulong>(what);
        if (length > (ulong)mostBytes) throw new ModelFormatException(file.Name, $"{what} is said to have {length} bytes; at most {mostBytes} are allowed.");
        Require((long)length, what);
        var text = new ReadOnlySpan<byte>(file.Data + Position, (int)length);
        Position += (long)length;
        return text;
    }

    /// <summary>A key or a tensor's name.</summary>
    public string ReadName(string what, int mostBytes)
    {
        ReadOnlySpan<byte> name = ReadText(what, mostBytes);
        if (name.IsEmpty) throw new ModelFormatException(file.Name, $"{what} is empty.");
        if (!System.Text.Unicode.Utf8.IsValid(name)) throw new ModelFormatException(file.Name, $"{what} is not valid UTF-8.");
        return Encoding.UTF8.GetString(name);
    }

    public GgufValueType ReadType(string key)
    {
        uint type = Read<uint>(key);
        return GgufValueTypes.IsDefined(type) ? (GgufValueType)type : throw new ModelFormatException(file.Name, $"metadata '{key}' has the type {type}, which is none of the format's.");
    }

    /// <summary>An array's element type and a count that the rest of the file has room for.</summary>
    public (GgufValueType Type, long Count) ReadArrayHead(string key)
    {
        GgufValueType type = ReadType(key);
        ulong count = Read<ulong>(key);
        if (count > (ulong)(Remaining / type.LeastBytes())) throw new ModelFormatException(file.Name, $"metadata '{key}' is said to be an array of {count} values of type {type}, but only {Remaining} bytes follow.");
        return (type, (long)count);
    }

    /// <summary>Checks a value and steps over it.</summary>
    public void Skip(GgufValueType type, string key, int nesting = 0)
    {
        if (type == GgufValueType.String) ReadText(key);
        else if (type == GgufValueType.Array) SkipArray(key, nesting);
        else if (type == GgufValueType.Bool) ReadBool(key);
        else SkipBytes(type.LeastBytes(), key);
    }

    public bool ReadBool(string key) => Read<byte>(key) switch
    {
        0 => false,
        1 => true,
        byte other => throw new ModelFormatException(file.Name, $"metadata '{key}' is a truth value of {other}; 0 or 1 is expected."),
    };

    private void SkipArray(string key, int nesting)
    {
        if (nesting == MostNesting) throw new ModelFormatException(file.Name, $"metadata '{key}' nests arrays deeper than {MostNesting}.");
        (GgufValueType type, long count) = ReadArrayHead(key);
        if (type.IsFixedSize() && type != GgufValueType.Bool) SkipBytes(count * type.LeastBytes(), key);
        else for (long i = 0; i < count; i++) Skip(type, key, nesting + 1);
    }

    private void SkipBytes(long bytes, string key)
    {
        Require(bytes, key);
        Position += bytes;
    }

    private readonly void Require(long bytes, string what)
    {
        if (bytes > Remaining) throw new ModelFormatException(file.Name, $"the file ends inside {what}: {bytes} bytes are expected at byte {Position}, {Remaining} are left.");
    }
}
