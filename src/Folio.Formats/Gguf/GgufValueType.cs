namespace Folio.Formats;

/// <summary>Types of a metadata value; the numbers are the format's.</summary>
public enum GgufValueType
{
    UInt8 = 0, Int8 = 1, UInt16 = 2, Int16 = 3, UInt32 = 4, Int32 = 5,
    Float32 = 6, Bool = 7, String = 8, Array = 9,
    UInt64 = 10, Int64 = 11, Float64 = 12,
}

internal static class GgufValueTypes
{
    public static bool IsDefined(uint type) => type <= (uint)GgufValueType.Float64;

    /// <summary>Bytes of a value; of text and arrays, the fewest that one takes.</summary>
    public static int LeastBytes(this GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.Array => 12, // element type and count
        _ => 8,
    };

    public static bool IsFixedSize(this GgufValueType type) => type is not (GgufValueType.String or GgufValueType.Array);
}
