using System.Buffers.Binary;
using System.Text;

namespace Folio.Tests;

/// <summary>A protobuf message, read without a schema: values by the number of their field.</summary>
/// <remarks>Source: the wire format's page of the Protocol Buffers documentation.</remarks>
internal sealed class ProtoMessage
{
    private readonly List<(int Field, ulong Number, byte[]? Bytes)> _values = [];

    public ProtoMessage(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            ulong tag = Varint(ref bytes);
            (int field, int wire) = ((int)(tag >> 3), (int)(tag & 7));
            switch (wire)
            {
                case 0:
                    _values.Add((field, Varint(ref bytes), null));
                    break;
                case 1:
                    _values.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(bytes), null));
                    bytes = bytes[8..];
                    break;
                case 2:
                    int length = (int)Varint(ref bytes);
                    _values.Add((field, 0, bytes[..length].ToArray()));
                    bytes = bytes[length..];
                    break;
                case 5:
                    _values.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(bytes), null));
                    bytes = bytes[4..];
                    break;
                default:
                    throw new InvalidDataException($"wire type {wire}");
            }
        }
    }

    public bool Has(int field) => _values.Any(value => value.Field == field);

    public ulong Number(int field) => _values.FirstOrDefault(value => value.Field == field).Number;

    public double Double(int field) => BitConverter.UInt64BitsToDouble(Number(field));

    public byte[] Bytes(int field) => _values.FirstOrDefault(value => value.Field == field).Bytes ?? [];

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public IEnumerable<ProtoMessage> All(int field) => _values.Where(value => value.Field == field).Select(value => new ProtoMessage(value.Bytes!));

    /// <summary>All messages at the end of a path of fields.</summary>
    public IEnumerable<ProtoMessage> At(params ReadOnlySpan<int> path)
    {
        IEnumerable<ProtoMessage> found = [this];
        foreach (int field in path) found = found.SelectMany(message => message.All(field));
        return found;
    }

    /// <summary>A packed list of doubles.</summary>
    public double[] Doubles(int field)
    {
        byte[] bytes = Bytes(field);
        return [.. Enumerable.Range(0, bytes.Length / 8).Select(i => BitConverter.ToDouble(bytes, i * 8))];
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }
}
