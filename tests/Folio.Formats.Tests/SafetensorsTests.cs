using System.Text;
using static Folio.Formats.Tests.Given;

namespace Folio.Formats.Tests;

public sealed class SafetensorsTests
{
    [Fact]
    public unsafe void Tensors_point_into_the_file()
    {
        byte[] bytes = Safetensors($$$"""{"__metadata__":{"format":"pt"},{{{Entry("b", "F16", "[2,3]", 8, 20)}}},{{{Entry("a", "F32", "[2]", 0, 8)}}},{{{Entry("scalar", "I64", "[]", 20, 28)}}},{{{Entry("none", "F32", "[0,7]", 28, 28)}}}} """, 28);
        OpenSafetensors(bytes, file =>
        {
            Assert.Equal(["b", "a", "scalar", "none"], file.Tensors.Select(tensor => tensor.Name));
            StoredTensor b = file.Get("b");
            Assert.Equal(TensorType.F16, b.Type);
            Assert.Equal([2L, 3L], b.Shape);
            Assert.Equal([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19], new ReadOnlySpan<byte>(b.Data, (int)b.Bytes).ToArray());
            Assert.Equal(0, file.Get("none").Bytes);
            Assert.False(file.TryGet("c", out _));
        });
    }

    [Fact]
    public void A_missing_tensor_is_named() =>
        OpenSafetensors(Safetensors("{}", 0), file => Assert.Equal("model.safetensors: tensor 'lm_head.weight' is missing.", Refusal(() => file.Get("lm_head.weight"))));

    [Fact]
    public void A_tensor_of_another_shape_is_refused_with_both_shapes() =>
        OpenSafetensors(Safetensors($"{{{Entry("up", "F32", "[2,3]", 0, 24)}}}", 24), file =>
        {
            Assert.Same(file.Get("up"), file.Get("up").ExpectShape("config.json", 2, 3));
            Assert.Equal("model.safetensors: tensor 'up' is [2, 3]; config.json asks for [2, 4].", Refusal(() => file.Get("up").ExpectShape("config.json", 2, 4)));
            Assert.Equal("model.safetensors: tensor 'up' is [2, 3]; config.json asks for [6].", Refusal(() => file.Get("up").ExpectShape("config.json", 6)));
        });

    [Fact]
    public void A_type_without_a_kernel_is_recognised_and_refused_by_name_when_asked_for() =>
        OpenSafetensors(Safetensors($"{{{Entry("w", "F8_E4M3", "[4]", 0, 4)},{Entry("x", "F4", "[4]", 4, 6)},{Entry("y", "F6_E2M3", "[8]", 6, 12)}}}", 12), file =>
        {
            Assert.Equal(TensorType.F4, file.Get("x").Type);
            Assert.Equal(
                "model.safetensors: tensor 'w' is stored as F8_E4M3, which can't be used as a weight; these can: F32, F16, BF16.",
                Refusal(() => file.Get("w").ExpectType(TensorType.F32, TensorType.F16, TensorType.BF16)));
        });

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] whole = Safetensors($"{{{Entry("a", "F32", "[4]", 0, 16)},{Entry("b", "F32", "[4]", 16, 32)}}}", 32);
        OpenSafetensors(whole);
        for (int length = 0; length < whole.Length; length++) Assert.StartsWith("model.safetensors: ", SafetensorsRefusal(whole[..length]));
        Assert.Equal("model.safetensors: tensor 'b' is said to begin at byte 16 of the data and to take 16 bytes, but the file holds only 31 bytes of data: it is truncated or its header is wrong.", SafetensorsRefusal(whole[..^1]));
    }

    [Theory]
    [InlineData("[1]", "the header is not an object")]
    [InlineData("{", "the header is not valid JSON")]
    [InlineData("{} {}", "the header is not valid JSON")]
    [InlineData("""{"a":1}""", "tensor 'a' is not an object")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", "tensor 'a' lacks one of 'dtype', 'shape' and 'data_offsets'")]
    [InlineData("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", "'dtype' of tensor 'a' is not text")]
    [InlineData("""{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", "tensor 'a' has the type 'F33'")]
    [InlineData("""{"a":{"dtype":"Q4_0","shape":[32],"data_offsets":[0,18]}}""", "tensor 'a' has the type 'Q4_0'")]
    [InlineData("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", "'shape' of tensor 'a' is not a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "tensor 'a' has something else than whole numbers in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "tensor 'a' has something else than whole numbers in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}""", "tensor 'a' has something else than whole numbers in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", "tensor 'a' has more than 16 numbers in 'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}}""", "tensor 'a' has the impossible shape [4294967296, 4294967296, 4]")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", "tensor 'a' has 3 values in all; F4 stores them in blocks of 2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", "tensor 'a' has the 'data_offsets' [4, 0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", "tensor 'a' has the 'data_offsets' [0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "tensor 'a' of type F32 and shape [2] needs 8 bytes; its 'data_offsets' span 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor 'a' is in the header twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", "tensor 'b' overlaps tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}}""", "tensor 'b' begins at byte 6 of the data, but the tensor before it ends at 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "the tensors end at byte 4 of the data, but the file holds 8 bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", "tensor 'a' has the impossible shape")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4611686018427387],"data_offsets":[9,4611686018427396]}}""", "tensor 'a' is said to begin at byte 9")]
    [InlineData("""{"__metadata__":{"format":1}}""", "'__metadata__' holds something else than text")]
    [InlineData("""{"\ud800":{}}""", "a tensor's name is not valid Unicode")]
    [InlineData("""{"a":{"x":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}}""", "the header is not valid JSON")]
    public void A_wrong_header_is_refused_naming_tensor_and_reason(string header, string reason)
    {
        string message = SafetensorsRefusal(Safetensors(header, 8));
        Assert.StartsWith($"model.safetensors: {reason}", message);
        Assert.EndsWith(".", message);
    }

    [Fact]
    public void Absurd_header_lengths_are_refused()
    {
        Assert.Contains("the header is said to have 18446744073709551615 bytes", SafetensorsRefusal([.. BitConverter.GetBytes(ulong.MaxValue), .. "{}"u8]));
        Assert.Contains("the header is said to have 5000 bytes, but the file ends after 10", SafetensorsRefusal([.. BitConverter.GetBytes(5000L), .. "{}"u8]));
        using TemporaryFolder folder = TemporaryFolder.With(("model.safetensors", []));
        Assert.Equal("model.safetensors: the file is empty.", Refusal(() => SafetensorsFile.OpenFolder(folder.Path)));
    }

    [Fact]
    public void A_git_lfs_pointer_is_called_one()
    {
        byte[] pointer = Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
        Assert.Contains("Git LFS pointer", SafetensorsRefusal(pointer));
        Assert.Contains("Git LFS pointer", GgufRefusal(pointer));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        using TemporaryFolder folder = TemporaryFolder.With();
        Assert.Contains("nothing.safetensors: there is no such file.", Refusal(() => SafetensorsFile.Open(folder.File("nothing.safetensors"))));
        Assert.Contains("holds neither model.safetensors nor model.safetensors.index.json", Refusal(() => SafetensorsFile.OpenFolder(folder.Path)));
        Assert.Contains("can't be read", Refusal(() => SafetensorsFile.Open(folder.Path)));
    }

    [Fact]
    public unsafe void Data_of_a_closed_file_can_not_be_reached()
    {
        using TemporaryFolder folder = TemporaryFolder.With(("model.safetensors", Safetensors($"{{{Entry("a", "U8", "[4]", 0, 4)}}}", 4)));
        SafetensorsFile file = SafetensorsFile.OpenFolder(folder.Path);
        StoredTensor tensor = file.Get("a");
        Assert.Equal(3, tensor.Data[3]);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => (nint)tensor.Data);
    }
}
