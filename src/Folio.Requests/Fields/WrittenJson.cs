using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Folio.Requests;

/// <summary>JSON that is made here, to be read again, kept or sent.</summary>
internal static class WrittenJson
{
    /// <summary>Text is written as it is: it is application/json, never part of a page.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What <paramref name="write"/> writes, as UTF-8.</summary>
    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options)) write(json);
        return buffer.WrittenSpan.ToArray();
    }
}
