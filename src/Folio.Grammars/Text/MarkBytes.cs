using System.Buffers.Binary;

namespace Folio.Grammars;

/// <summary>How a mark, a token that is no text, stands in a language of bytes: a byte that UTF-8 never has, and the token's id. So a grammar that speaks of text never allows one.</summary>
internal static class MarkBytes
{
    public const byte Begin = 0xFF;
    public const int Length = 1 + sizeof(int);

    public static byte[] Of(int id)
    {
        byte[] bytes = [Begin, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), id);
        return bytes;
    }

    /// <param name="bytes">Begin with a whole mark.</param>
    public static int IdOf(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
}
