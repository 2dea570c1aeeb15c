using System.Text;
using System.Text.Json;

namespace Folio.Formats.Tests;

/// <summary>Writes small model files for tests, honest or not: the writers don't check what they are told to write.</summary>
internal static class Given
{
    /// <summary>A safetensors file of this header and this many bytes of data.</summary>
    public static byte[] Safetensors(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. Enumerable.Range(0, dataBytes).Select(i => (byte)i)];
    }

    /// <summary>One entry of a safetensors header.</summary>
    public static string Entry(string name, string dtype, string shape, long begin, long end) =>
        $"{JsonSerializer.Serialize(name)}:{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[{begin},{end}]}}";

    public static unsafe void OpenSafetensors(byte[] bytes, Action<SafetensorsFile>? use = null)
    {
        fixed (byte* data = bytes)
        {
            using SafetensorsFile file = SafetensorsFile.FromMemory(data, bytes.Length, "model.safetensors");
            use?.Invoke(file);
        }
    }

    public static unsafe void OpenGguf(byte[] bytes, Action<GgufFile>? use = null)
    {
        fixed (byte* data = bytes)
        {
            using GgufFile file = GgufFile.FromMemory(data, bytes.Length, "model.gguf");
            use?.Invoke(file);
        }
    }

    /// <summary>The message with which opening is refused.</summary>
    public static string Refusal(Action open) => Assert.Throws<ModelFormatException>(open).Message;

    public static string SafetensorsRefusal(byte[] bytes) => Refusal(() => OpenSafetensors(bytes));

    public static string GgufRefusal(byte[] bytes) => Refusal(() => OpenGguf(bytes));
}
