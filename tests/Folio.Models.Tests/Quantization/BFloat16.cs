namespace Folio.Models.Tests;

internal static class BFloat16
{
    /// <summary>To 8 significant bits, halves to even.</summary>
    public static float Round(float value)
    {
        if (value == 0) return value;
        double unit = Math.Pow(2, Math.Max(Math.ILogB(value), -126) - 7);
        return (float)(Math.Round(value / unit, MidpointRounding.ToEven) * unit);
    }

    /// <param name="value">A bf16 number.</param>
    public static ushort Bits(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
}
