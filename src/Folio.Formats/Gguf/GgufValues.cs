using System.Text;

namespace Folio.Formats;

/// <summary>Decodes metadata values that <see cref="GgufReader.Skip"/> has checked, and converts between their widths.</summary>
internal static class GgufValues
{
    public static object Read(ref GgufReader reader, GgufValueType type, string key) => type switch
    {
        GgufValueType.UInt8 => reader.Read<byte>(key),
        GgufValueType.Int8 => reader.Read<sbyte>(key),
        GgufValueType.UInt16 => reader.Read<ushort>(key),
        GgufValueType.Int16 => reader.Read<short>(key),
        GgufValueType.UInt32 => reader.Read<uint>(key),
        GgufValueType.Int32 => reader.Read<int>(key),
        GgufValueType.UInt64 => reader.Read<ulong>(key),
        GgufValueType.Int64 => reader.Read<long>(key),
        GgufValueType.Float32 => reader.Read<float>(key),
        GgufValueType.Float64 => reader.Read<double>(key),
        GgufValueType.Bool => reader.ReadBool(key),
        GgufValueType.String => Encoding.UTF8.GetString(reader.ReadText(key)), // broken UTF-8 becomes U+FFFD: old files have such tokens
        _ => ReadArray(ref reader, key),
    };

    public static long? Whole(object value) => value switch
    {
        byte v => v,
        sbyte v => v,
        ushort v => v,
        short v => v,
        uint v => v,
        int v => v,
        long v => v,
        ulong v when v <= long.MaxValue => (long)v,
        _ => null,
    };

    public static double? Real(object value) => value switch
    {
        float v => v,
        double v => v,
        ulong v => v,
        _ => Whole(value),
    };

    /// <returns>Null where the value isn't an array of whole numbers that fit.</returns>
    public static int[]? Ints(object value) => value switch
    {
        int[] v => v,
        byte[] v => Array.ConvertAll(v, x => (int)x),
        sbyte[] v => Array.ConvertAll(v, x => (int)x),
        ushort[] v => Array.ConvertAll(v, x => (int)x),
        short[] v => Array.ConvertAll(v, x => (int)x),
        uint[] v when Array.TrueForAll(v, x => x <= int.MaxValue) => Array.ConvertAll(v, x => (int)x),
        long[] v when Array.TrueForAll(v, x => x is >= int.MinValue and <= int.MaxValue) => Array.ConvertAll(v, x => (int)x),
        ulong[] v when Array.TrueForAll(v, x => x <= int.MaxValue) => Array.ConvertAll(v, x => (int)x),
        _ => null,
    };

    /// <returns>Null where the value isn't an array of numbers.</returns>
    public static float[]? Floats(object value) => value switch
    {
        float[] v => v,
        double[] v => Array.ConvertAll(v, x => (float)x),
        long[] v => Array.ConvertAll(v, x => (float)x),
        ulong[] v => Array.ConvertAll(v, x => (float)x),
        uint[] v => Array.ConvertAll(v, x => (float)x),
        _ => Ints(value) is { } whole ? Array.ConvertAll(whole, x => (float)x) : null,
    };

    public static string Describe(object value) => value switch
    {
        string => "text",
        bool flag => flag ? "true" : "false",
        Array array => $"an array of {array.Length} values",
        _ => value.ToString() ?? "",
    };

    private static Array ReadArray(ref GgufReader reader, string key)
    {
        (GgufValueType type, long count) = reader.ReadArrayHead(key);
        return type switch
        {
            GgufValueType.UInt8 => ReadNumbers<byte>(ref reader, count, key),
            GgufValueType.Int8 => ReadNumbers<sbyte>(ref reader, count, key),
            GgufValueType.UInt16 => ReadNumbers<ushort>(ref reader, count, key),
            GgufValueType.Int16 => ReadNumbers<short>(ref reader, count, key),
            GgufValueType.UInt32 => ReadNumbers<uint>(ref reader, count, key),
            GgufValueType.Int32 => ReadNumbers<int>(ref reader, count, key),
            GgufValueType.UInt64 => ReadNumbers<ulong>(ref reader, count, key),
            GgufValueType.Int64 => ReadNumbers<long>(ref reader, count, key),
            GgufValueType.Float32 => ReadNumbers<float>(ref reader, count, key),
            GgufValueType.Float64 => ReadNumbers<double>(ref reader, count, key),
            GgufValueType.Bool => ReadBools(ref reader, count, key),
            GgufValueType.String => ReadTexts(ref reader, count, key),
            _ => ReadArrays(ref reader, count, key),
        };
    }

    private static T[] ReadNumbers<T>(ref GgufReader reader, long count, string key) where T : unmanaged
    {
        var values = new T[count];
        for (long i = 0; i < count; i++) values[i] = reader.Read<T>(key);
        return values;
    }

    private static bool[] ReadBools(ref GgufReader reader, long count, string key)
    {
        var values = new bool[count];
        for (long i = 0; i < count; i++) values[i] = reader.ReadBool(key);
        return values;
    }

    private static string[] ReadTexts(ref GgufReader reader, long count, string key)
    {
        var values = new string[count];
        for (long i = 0; i < count; i++) values[i] = Encoding.UTF8.GetString(reader.ReadText(key));
        return values;
    }

    private static object[] ReadArrays(ref GgufReader reader, long count, string key)
    {
        var values = new object[count];
        for (long i = 0; i < count; i++) values[i] = ReadArray(ref reader, key);
        return values;
    }
}
