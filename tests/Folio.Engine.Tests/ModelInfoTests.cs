using Folio.Compute.Cpu;

namespace Folio.Engine.Tests;

public sealed class ModelInfoTests
{
    [Fact]
    public async Task A_gguf_file_tells_what_its_folder_does()
    {
        using var backend = new CpuBackend();
        await using LlmEngine gguf = LlmEngine.Load(TestData.DemoModel, backend, new() { NumBlocks = 50 });
        await using LlmEngine folder = LlmEngine.Load(TestData.Shared("models", "folio-demo"), backend, new() { NumBlocks = 50 });
        Assert.Equal(("folio-demo.Q8_0", "folio-demo"), (gguf.Model.Name, folder.Model.Name));
        Assert.All([gguf.Model, folder.Model], model =>
        {
            Assert.Equal([8183], model.EosTokenIds);
            Assert.Equal(8184, model.VocabularySize);
            Assert.Equal(512, model.MaxModelLen);
            Assert.NotNull(model.ChatTemplate);
            Assert.Equal([1, 5218, 2177, 263, 842], model.Encode("Once upon a time"));
        });
        Assert.True(folder.Plan.WeightBytes > gguf.Plan.WeightBytes); // bf16 beside Q8_0
    }

    [Fact]
    public async Task A_folder_without_a_tokenizer_serves_token_ids()
    {
        using var backend = new CpuBackend();
        await using LlmEngine engine = LlmEngine.Load(TestData.Shared("golden", "llama"), backend, new() { NumBlocks = 50 });
        Assert.Null(engine.Model.Tokenizer);
        Assert.Equal("prompt", Assert.Throws<RequestException>(() => engine.Model.Encode("text")).Parameter);
        Assert.Equal("stop", Assert.Throws<RequestException>(() => engine.Submit(new() { Prompt = new[] { 1 }, Sampling = new() { Stop = ["x"] } })).Parameter);

        List<GenerationOutput> outputs = await Given.ReadAll(engine.Submit(new() { Prompt = new[] { 1, 2, 3 }, Sampling = new() { MaxTokens = 5, IgnoreEos = true } }));
        Assert.Equal(5, outputs.Sum(output => output.TokenIds.Count));
        Assert.All(outputs, output => Assert.Equal("", output.Text));
    }

    [Fact]
    public void A_chat_template_that_does_not_parse_is_told_and_not_thrown()
    {
        (Tokenization.Templates.ChatTemplate? template, string? error) = ModelText.ReadTemplate("{% if %}");
        Assert.Null(template);
        Assert.StartsWith("chat_template", error);
        Assert.Equal((null, null), ModelText.ReadTemplate(null));
    }

    [Fact]
    public void What_cannot_be_meant_is_refused_before_loading()
    {
        using var backend = new CpuBackend();
        Assert.Equal("--block-size (BlockSize) is 0; expected 1 or more.", Assert.Throws<FolioException>(() => LlmEngine.Load(TestData.DemoModel, backend, new() { BlockSize = 0 })).Message);
        Assert.Equal("--max-model-len (MaxModelLen) is 513; this model's context is 512 tokens.", Assert.Throws<FolioException>(() => LlmEngine.Load(TestData.DemoModel, backend, new() { MaxModelLen = 513 })).Message);
        Assert.Equal("--max-num-seqs (MaxNumSeqs) is 2000000000; expected 65536 or fewer.", Assert.Throws<FolioException>(() => LlmEngine.Load(TestData.DemoModel, backend, new() { MaxNumSeqs = 2_000_000_000 })).Message);
    }

    [Fact]
    public void Steps_larger_than_memory_has_room_for_are_refused_with_the_numbers()
    {
        using var backend = new CpuBackend();
        FolioException refusal = Assert.Throws<FolioException>(() => LlmEngine.Load(TestData.DemoModel, backend, new() { MaxNumBatchedTokens = int.MaxValue }));
        Assert.Matches("^the buffers for steps of 2147483647 tokens take .* TiB; .* of memory are free beside the weights. Lower --max-num-batched-tokens [(]MaxNumBatchedTokens[)].$", refusal.Message);
    }
}
