using Folio.Formats.Hub;

namespace Folio.Formats.Tests;

public sealed class HubModelIdTests
{
    [Theory]
    [InlineData("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B", null, null)]
    [InlineData("a/b:Q4_K_M", "a/b", "Q4_K_M", null)]
    [InlineData("a/b:sub/b-Q4_K_M.gguf", "a/b", "sub/b-Q4_K_M.gguf", null)]
    [InlineData("a/b@v1.0", "a/b", null, "v1.0")]
    [InlineData("a/b@refs/pr/1:Q8_0", "a/b", "Q8_0", "refs/pr/1")]
    [InlineData("a/b:Q8_0@v1.0", "a/b", "Q8_0", "v1.0")]
    public void Ids_have_a_repository_a_file_and_a_revision(string text, string repository, string? file, string? revision) =>
        Assert.Equal(new HubModelId(repository, file, revision), HubModelId.TryParse(text));

    [Theory]
    [InlineData("model")]
    [InlineData("models/demo/folio.gguf")]
    [InlineData("models/folio.gguf")]
    [InlineData("./a/b")]
    [InlineData("../b")]
    [InlineData("/a/b")]
    [InlineData("a/..")]
    [InlineData("a/b..c")]
    [InlineData("a/b--c")]
    [InlineData("a/b.git")]
    [InlineData("a/b:")]
    [InlineData("a/b@")]
    [InlineData("a/b@../../x")]
    [InlineData("a/b:../x.gguf")]
    [InlineData("a/b@v1:x@v2")]
    [InlineData("C:\\models\\x")]
    [InlineData("a/b\n")]
    public void What_could_be_a_path_or_lead_out_of_the_cache_is_no_id(string text) => Assert.Null(HubModelId.TryParse(text));
}
