using static Folio.Formats.Tests.Given;

namespace Folio.Formats.Tests;

public sealed class GgufTests
{
    private const uint F32 = 0, Q4_0 = 2, Q4_K = 12;

    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public unsafe void Tensors_point_into_the_file_with_the_outermost_dimension_first(uint version)
    {
        byte[] bytes = new GgufWriter { Version = version, DataBytes = 64 + 18 }.Pair("general.architecture", "llama")
            .Tensor("a", F32, 0, 3, 2).Tensor("b", Q4_0, 64, 32).Tensor("empty", F32, 32, 0, 5).Tensor("scalar", F32, 32).ToBytes();
        OpenGguf(bytes, file =>
        {
            Assert.Equal((int)version, file.Version);
            Assert.Equal([2L, 3L], file.Get("a").Shape);
            Assert.Equal((64, 18L), (file.Get("b").Data[0], file.Get("b").Bytes));
            Assert.Equal((TensorType.Q4_0, 0L, 4L), (file.Get("b").Type, file.Get("empty").Bytes, file.Get("scalar").Bytes));
            Assert.Equal("model.gguf: tensor 'output.weight' is missing.", Refusal(() => file.Get("output.weight")));
        });
    }

    [Fact]
    public unsafe void The_alignment_that_the_file_names_is_used()
    {
        byte[] bytes = new GgufWriter { Alignment = 128, DataBytes = 132 }.Pair("general.alignment", 128u).Tensor("a", F32, 0, 1).Tensor("b", F32, 128, 1).ToBytes();
        OpenGguf(bytes, file => Assert.Equal(128, file.Get("b").Data[0]));
    }

    [Fact]
    public unsafe void Tensors_whose_memory_was_given_back_are_read_again()
    {
        const int values = 32 << 10; // 32 pages of 4 KB
        using var folder = TemporaryFolder.With(("model.gguf", new GgufWriter { DataBytes = values * sizeof(float) }.Tensor("a", F32, 0, values).ToBytes()));
        using GgufFile file = GgufFile.Open(folder.File("model.gguf"));
        Assert.Equal([folder.File("model.gguf")], file.Paths);
        StoredTensor tensor = file.Get("a");
        byte[] before = new ReadOnlySpan<byte>(tensor.Data, (int)tensor.Bytes).ToArray();
        tensor.Release();
        Assert.True(new ReadOnlySpan<byte>(tensor.Data, (int)tensor.Bytes).SequenceEqual(before));
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] whole = new GgufWriter { DataBytes = 64 }.Pair("general.architecture", "llama").Ints("list", 1, 2, 3).Texts("texts", "a", "b").Tensor("a", F32, 0, 4).Tensor("b", F32, 32, 8).ToBytes();
        OpenGguf(whole);
        for (int length = 0; length < whole.Length; length++) Assert.StartsWith("model.gguf: ", GgufRefusal(whole[..length]));
        Assert.Equal("model.gguf: tensor 'b' is said to begin at byte 32 of the data and to take 32 bytes, but the file holds only 63 bytes of data: it is truncated or its header is wrong.", GgufRefusal(whole[..^1]));
        Assert.Equal("model.gguf: the file ends inside the version: 4 bytes are expected at byte 4, 2 are left.", GgufRefusal(whole[..6]));
    }

    public static TheoryData<string, byte[]> WrongHeads() => new()
    {
        { "this is not a GGUF file", new GgufWriter { Magic = "GGML" }.ToBytes() },
        { "this is GGUF version 1; versions 2 and 3 are read", new GgufWriter { Version = 1 }.ToBytes() },
        { "this is GGUF version 4; versions 2 and 3 are read", new GgufWriter { Version = 4 }.ToBytes() },
        { "this is GGUF version 0; versions 2 and 3 are read", new GgufWriter { Version = 0 }.ToBytes() },
        { "this GGUF file is big-endian", new GgufWriter { Version = 3u << 24 }.ToBytes() },
        { "the file is said to have 18446744073709551615 tensors, but only 8 bytes follow", new GgufWriter { TensorCount = ulong.MaxValue }.ToBytes() },
        { "the file is said to have 9223372036854775807 metadata pairs, but only 8 bytes follow", new GgufWriter { PairCount = long.MaxValue }.ToBytes() },
        { "this is one of 3 parts of a model", new GgufWriter().Pair("split.count", 3u).ToBytes() },
        { "metadata 'general.alignment' is 0", new GgufWriter().Pair("general.alignment", 0u).ToBytes() },
        { "metadata 'general.alignment' is 48", new GgufWriter().Pair("general.alignment", 48u).ToBytes() },
        { "metadata 'general.alignment' is 2147483648", new GgufWriter().Pair("general.alignment", 1u << 31).ToBytes() },
        { "metadata 'general.alignment' is text", new GgufWriter().Pair("general.alignment", "32").ToBytes() },
    };

    [Theory, MemberData(nameof(WrongHeads))]
    public void A_wrong_head_is_refused(string reason, byte[] bytes) => Assert.StartsWith($"model.gguf: {reason}", GgufRefusal(bytes));

    public static TheoryData<string, byte[]> WrongTensors() => new()
    {
        { "tensor 'a' is in the header twice", new GgufWriter { DataBytes = 64 }.Tensor("a", F32, 0, 1).Tensor("a", F32, 32, 1).ToBytes() },
        { "tensor 'b' overlaps tensor 'a'", new GgufWriter { DataBytes = 96 }.Tensor("a", F32, 0, 16).Tensor("b", F32, 32, 1).ToBytes() },
        { "tensor 'a' begins at byte 4 of the data, which is not a multiple of the file's alignment of 32", new GgufWriter { DataBytes = 64 }.Tensor("a", F32, 4, 1).ToBytes() },
        { "tensor 'a' is said to begin at byte 18446744073709551584 of the data", new GgufWriter { DataBytes = 64 }.Tensor("a", F32, ulong.MaxValue - 31, 1).ToBytes() },
        { "tensor 'a' is said to begin at byte 96 of the data and to take 4 bytes", new GgufWriter { DataBytes = 64 }.Tensor("a", F32, 96, 1).ToBytes() },
        { "tensor 'a' is said to begin at byte 0 of the data and to take 4000000000000000 bytes", new GgufWriter { DataBytes = 64 }.Tensor("a", F32, 0, 1_000_000_000_000_000).ToBytes() },
        { "tensor 'a' has the impossible shape [4611686018427387904, 4]", new GgufWriter { DataBytes = 64 }.Tensor("a", F32, 0, 4, 1ul << 62).ToBytes() },
        { "tensor 'a' has a dimension of 18446744073709551615", new GgufWriter { DataBytes = 64 }.Tensor("a", F32, 0, ulong.MaxValue).ToBytes() },
        { "tensor 'a' is said to have 5 dimensions; at most 4 are allowed", new GgufWriter { DataBytes = 64 }.Tensor("a", F32, 0, 1, 1, 1, 1, 1).ToBytes() },
        { "tensor 'a' has 100 values in a row; Q4_K stores them in blocks of 256", new GgufWriter { DataBytes = 64 }.Tensor("a", Q4_K, 0, 100, 64).ToBytes() },
        { "tensor 'a' has the type 99, which is none of the format's known ones", new GgufWriter { DataBytes = 64 }.Tensor("a", 99, 0, 1).ToBytes() },
        { "tensor 'a' has the type Q4_0_4_4, which GGUF has dropped", new GgufWriter { DataBytes = 64 }.Tensor("a", 31, 0, 1).ToBytes() },
        { "the name of tensor 1 of 1 is said to have 65 bytes; at most 64 are allowed", new GgufWriter { DataBytes = 64 }.Tensor(new string('a', 65), F32, 0, 1).ToBytes() },
        { "the name of tensor 1 of 1 is empty", new GgufWriter { DataBytes = 64 }.Tensor("", F32, 0, 1).ToBytes() },
    };

    [Theory, MemberData(nameof(WrongTensors))]
    public void A_wrong_tensor_is_refused_by_name(string reason, byte[] bytes)
    {
        string message = GgufRefusal(bytes);
        Assert.StartsWith($"model.gguf: {reason}", message);
        Assert.EndsWith(".", message);
    }

    [Fact]
    public void A_type_without_a_kernel_opens_and_is_refused_by_name_when_asked_for() =>
        OpenGguf(new GgufWriter { DataBytes = 66 }.Tensor("w", 16, 0, 256).ToBytes(), file =>
            Assert.Equal("model.gguf: tensor 'w' is stored as IQ2_XXS, which can't be used as a weight; these can: F32, Q8_0.", Refusal(() => file.Get("w").ExpectType(TensorType.F32, TensorType.Q8_0))));
}
