using static Folio.Formats.Tests.Given;

namespace Folio.Formats.Tests;

public sealed class ShardTests
{
    private const string Index = "model.safetensors.index.json";

    [Fact]
    public unsafe void Shards_are_one_file_to_their_reader()
    {
        using TemporaryFolder folder = Folder("""{"metadata":{},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}""", Shard("a"), Shard("b"));
        using SafetensorsFile file = SafetensorsFile.OpenFolder(folder.Path);
        Assert.Equal(["a", "b"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(("1.safetensors", "2.safetensors"), (file.Get("a").File, file.Get("b").File));
        Assert.Equal(3, file.Get("b").Data[3]);
        Assert.Equal($"{Index}: tensor 'c' is missing.", Refusal(() => file.Get("c")));
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"1.safetensors","b":"1.safetensors"}}""", "tensor 'b' is said to be in 1.safetensors; it is not.")]
    [InlineData("""{"weight_map":{"a":"2.safetensors","b":"1.safetensors"}}""", "tensor 'a' is said to be in 2.safetensors; it is in 1.safetensors.")]
    [InlineData("""{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}""", "'a' is there twice.")]
    [InlineData("""{"weight_map":{"a":"../1.safetensors"}}""", "tensor 'a' is not assigned to a file beside the index.")]
    [InlineData("""{"weight_map":{"a":"/etc/1.safetensors"}}""", "tensor 'a' is not assigned to a file beside the index.")]
    [InlineData("""{"weight_map":{"a":3}}""", "tensor 'a' is not assigned to a file beside the index.")]
    [InlineData("""{"weight_map":{"a":""}}""", "tensor 'a' is not assigned to a file beside the index.")]
    [InlineData("""{"weight_map":{}}""", "'weight_map' is missing or empty; it says which shard holds which tensor.")]
    [InlineData("""{"weight_map":[]}""", "'weight_map' is missing or empty; it says which shard holds which tensor.")]
    [InlineData("[]", "a JSON object is expected.")]
    [InlineData("{", "this is not valid JSON (line 1, byte 2), or nested deeper than 64.")]
    public void A_wrong_index_is_refused(string index, string reason)
    {
        using TemporaryFolder folder = Folder(index, Shard("a"), Shard("b"));
        Assert.Equal($"{Index}: {reason}", Refusal(() => SafetensorsFile.OpenFolder(folder.Path)));
    }

    [Fact]
    public void A_tensor_in_two_shards_is_refused()
    {
        using TemporaryFolder folder = Folder("""{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}""", Shard("a"), Shard("a"));
        Assert.Equal("2.safetensors: tensor 'a' is in 1.safetensors too.", Refusal(() => SafetensorsFile.OpenFolder(folder.Path)));
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        using TemporaryFolder folder = Folder("""{"weight_map":{"a":"1.safetensors","b":"3.safetensors"}}""", Shard("a"), Shard("b"));
        Assert.EndsWith("3.safetensors: there is no such file.", Refusal(() => SafetensorsFile.OpenFolder(folder.Path)));
    }

    private static byte[] Shard(string tensor) => Safetensors($"{{{Entry(tensor, "U8", "[4]", 0, 4)}}}", 4);

    private static TemporaryFolder Folder(string index, byte[] first, byte[] second) =>
        TemporaryFolder.With((Index, System.Text.Encoding.UTF8.GetBytes(index)), ("1.safetensors", first), ("2.safetensors", second));
}
