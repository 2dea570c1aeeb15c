using Folio.Formats.Hub;

namespace Folio.Formats.Tests;

public sealed class FileChoiceTests
{
    private static readonly string[] s_quantised = ["README.md", "Tales-Q4_K_M.gguf", "Tales-Q8_0.gguf", "mmproj-Tales-Q8_0.gguf", "Tales.imatrix.gguf"];

    [Fact]
    public void Safetensors_come_with_what_is_read_beside_them_and_nothing_else()
    {
        FileChoice choice = Choose("a/b", "model.safetensors", "config.json", "tokenizer.json", "pytorch_model.bin", "onnx/model.onnx", "additional_chat_templates/rag.jinja", "b.gguf", "README.md", "consolidated.safetensors");
        Assert.Equal("additional_chat_templates/rag.jinja,config.json,tokenizer.json", string.Join(',', choice.Companions));
        Assert.Equal(("model.safetensors", false), (choice.Weights, choice.IsFile));
    }

    [Fact]
    public void The_index_of_shards_comes_behind_the_small_files()
    {
        FileChoice choice = Choose("a/b", "model.safetensors.index.json", "model-00001-of-00002.safetensors", "config.json", "vocab.json");
        Assert.Equal("config.json,vocab.json,model.safetensors.index.json", string.Join(',', choice.Companions));
        Assert.Null(choice.Weights);
    }

    [Theory]
    [InlineData("Q8_0", "Tales-Q8_0.gguf")]
    [InlineData("q4_k_m", "Tales-Q4_K_M.gguf")]
    [InlineData("Tales-Q4_K_M.gguf", "Tales-Q4_K_M.gguf")]
    public void A_gguf_file_is_meant_by_its_name_or_its_quantisation(string file, string expected)
    {
        FileChoice choice = Choose($"a/b:{file}", s_quantised);
        Assert.Equal((expected, true, 0), (choice.Weights, choice.IsFile, choice.Companions.Count));
    }

    [Fact]
    public void The_only_gguf_file_is_the_model() => Assert.Equal("Tales.Q8_0.gguf", Choose("a/b", "config.json", "Tales.Q8_0.gguf", "mmproj-f16.gguf").Weights);

    [Theory]
    [InlineData("a/b", "a/b has several GGUF files; put the one that is meant behind a colon, a/b:Q4_K_M. It has Tales-Q4_K_M.gguf, Tales-Q8_0.gguf.")]
    [InlineData("a/b:Q5_0", "a/b has no GGUF file 'Q5_0', nor one that is quantised so. It has Tales-Q4_K_M.gguf, Tales-Q8_0.gguf.")]
    public void What_could_be_meant_is_listed(string id, string expected) => Assert.Equal(expected, Assert.Throws<HubException>(() => Choose(id, s_quantised)).Message);

    [Fact]
    public void Two_files_of_one_quantisation_have_to_be_told_apart() =>
        Assert.Equal("a/b has 2 GGUF files that 'Q8_0' could mean: A-Q8_0.gguf, B-Q8_0.gguf. Put the name of one behind the colon.", Assert.Throws<HubException>(() => Choose("a/b:Q8_0", "A-Q8_0.gguf", "B-Q8_0.gguf")).Message);

    [Fact]
    public void A_model_in_parts_is_refused_as_such() =>
        Assert.StartsWith("a/b has 'Q8_0' in several parts only; Folio reads GGUF files of one piece.", Assert.Throws<HubException>(() => Choose("a/b:Q8_0", "A-Q8_0-00001-of-00002.gguf", "A-Q8_0-00002-of-00002.gguf")).Message);

    [Fact]
    public void A_repository_without_either_is_refused() =>
        Assert.Equal("a/b has neither safetensors with a config.json nor a GGUF file: Folio reads these.", Assert.Throws<HubException>(() => Choose("a/b", "config.json", "pytorch_model.bin")).Message);

    private static FileChoice Choose(string id, params string[] names) => FileChoice.Of(HubModelId.TryParse(id)!, names);
}
