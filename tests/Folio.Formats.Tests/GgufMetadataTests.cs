using static Folio.Formats.Tests.Given;

namespace Folio.Formats.Tests;

public sealed class GgufMetadataTests
{
    [Fact]
    public void Every_type_is_read()
    {
        GgufWriter writer = new GgufWriter()
            .Pair("u8", 0, 200).Pair("i8", 1, 0xFE).Pair("u16", 2, BitConverter.GetBytes((ushort)60000)).Pair("i16", 3, BitConverter.GetBytes((short)-300))
            .Pair("u32", 4, BitConverter.GetBytes(4000000000u)).Pair("i32", 5, BitConverter.GetBytes(-70000)).Pair("f32", 1.5f).Pair("flag", true).Pair("text", "grüß")
            .Pair("u64", 10, BitConverter.GetBytes(ulong.MaxValue)).Pair("i64", 11, BitConverter.GetBytes(-5_000_000_000L)).Pair("f64", 12, BitConverter.GetBytes(0.1))
            .Texts("texts", "a", "", "ü").Ints("ints", 1, -2)
            .Pair("floats", 9, [.. GgufWriter.ArrayHead(6, 2), .. BitConverter.GetBytes(0.5f), .. BitConverter.GetBytes(-1f)])
            .Pair("flags", 9, [.. GgufWriter.ArrayHead(7, 2), 1, 0])
            .Pair("wide", 9, [.. GgufWriter.ArrayHead(11, 1), .. BitConverter.GetBytes(7L)])
            .Pair("nested", 9, [.. GgufWriter.ArrayHead(9, 2), .. GgufWriter.ArrayHead(0, 3), 1, 2, 3, .. GgufWriter.ArrayHead(8, 1), .. GgufWriter.Text("x")])
            .Pair("nothing", 9, GgufWriter.ArrayHead(8, 0));
        OpenGguf(writer.ToBytes(), file =>
        {
            GgufMetadata metadata = file.Metadata;
            Assert.Equal(["u8", "i8", "u16", "i16", "u32", "i32", "f32", "flag", "text", "u64", "i64", "f64", "texts", "ints", "floats", "flags", "wide", "nested", "nothing"], metadata.Keys);
            Assert.Equal(new object[] { (byte)200, (sbyte)-2, (ushort)60000, (short)-300, 4000000000u, -70000, 1.5f, true, "grüß", ulong.MaxValue, -5_000_000_000L, 0.1 }, metadata.Keys.Take(12).Select(key => metadata.GetValue(key)));
            Assert.Equal((200u, -2, 4000000000L, 1.5, "grüß", true), (metadata.GetUInt32("u8"), metadata.GetInt32("i8"), metadata.GetInt64("u32"), metadata.GetDouble("f32"), metadata.GetString("text"), metadata.GetBool("flag")));
            Assert.Equal(60000f, metadata.GetSingle("u16")); // a real was asked for; a whole number is one
            Assert.Equal(["a", "", "ü"], metadata.GetStrings("texts"));
            Assert.Equal([1, -2], metadata.GetInts("ints"));
            Assert.Equal([7], metadata.GetInts("wide"));
            Assert.Equal([0.5f, -1f], metadata.GetFloats("floats"));
            Assert.Equal([true, false], metadata.TryGetBools("flags", out bool[]? flags) ? flags : []);
            object[] nested = Assert.IsType<object[]>(metadata.GetValue("nested"));
            Assert.Equal([1, 2, 3], Assert.IsType<byte[]>(nested[0]));
            Assert.Equal(["x"], Assert.IsType<string[]>(nested[1]));
            Assert.Empty(metadata.GetStrings("nothing"));
            Assert.True(metadata.IsArray("texts", out long count) && count == 3);
            Assert.False(metadata.IsArray("u8", out _));

            Assert.False(metadata.TryGetString("absent", out _) || metadata.TryGetInt32("absent", out _) || metadata.TryGetFloats("absent", out _) || metadata.Has("absent"));
            Assert.Equal("model.gguf: metadata 'absent' is missing.", Refusal(() => metadata.GetString("absent")));
            Assert.Equal("model.gguf: metadata 'u32' is 4000000000; a whole number of 32 bits is expected.", Refusal(() => metadata.GetInt32("u32")));
            Assert.Equal("model.gguf: metadata 'text' is text; a number is expected.", Refusal(() => metadata.GetDouble("text")));
            Assert.Equal("model.gguf: metadata 'texts' is an array of 3 values; an array of whole numbers of 32 bits is expected.", Refusal(() => metadata.GetInts("texts")));
            Assert.Equal("model.gguf: metadata 'flag' is true; text is expected.", Refusal(() => metadata.GetString("flag")));
        });
    }

    public static TheoryData<string, byte[]> WrongPairs() => new()
    {
        { "metadata 'k' is there twice", new GgufWriter().Pair("k", 1u).Pair("k", 1u).ToBytes() },
        { "metadata 'k' has the type 13, which is none of the format's", new GgufWriter().Pair("k", 13, 0, 0, 0, 0).ToBytes() },
        { "metadata 'k' is a truth value of 2; 0 or 1 is expected", new GgufWriter().Pair("k", 7, 2).ToBytes() },
        { "k is said to have 18446744073709551615 bytes", new GgufWriter().Pair("k", 8, BitConverter.GetBytes(ulong.MaxValue)).ToBytes() },
        { "the file ends inside k: 1000 bytes are expected", new GgufWriter().Pair("k", 8, BitConverter.GetBytes(1000ul)).ToBytes() },
        { "metadata 'k' is said to be an array of 18446744073709551615 values of type Int32", new GgufWriter().Pair("k", 9, GgufWriter.ArrayHead(5, ulong.MaxValue)).ToBytes() },
        { "metadata 'k' is said to be an array of 1000 values of type String", new GgufWriter().Pair("k", 9, GgufWriter.ArrayHead(8, 1000)).ToBytes() },
        { "metadata 'k' nests arrays deeper than 8", new GgufWriter().Pair("k", 9, [.. Enumerable.Repeat(GgufWriter.ArrayHead(9, 1), 20).SelectMany(head => head)]).ToBytes() },
        { "metadata key 1 of 1 is empty", new GgufWriter().Pair("", 1u).ToBytes() },
        { "metadata key 1 of 1 is said to have 65536 bytes; at most 65535 are allowed", new GgufWriter().Pair(new string('k', 65536), 1u).ToBytes() },
    };

    [Theory, MemberData(nameof(WrongPairs))]
    public void A_wrong_pair_is_refused_by_its_key(string reason, byte[] bytes) => Assert.StartsWith($"model.gguf: {reason}", GgufRefusal(bytes));
}
