namespace Folio.Formats.Tests;

/// <summary>The models of ../shared, as other tools wrote them.</summary>
public sealed class ReferenceFileTests
{
    public static TheoryData<string> SafetensorsFolders() => Folders("model*.safetensors");

    public static TheoryData<string> ConfigFolders() => Folders("config.json");

    public static TheoryData<string> GgufFiles() =>
    [
        .. TestData.SharedNames("golden", "gguf-*").Select(name => $"golden/{name}/model.gguf"),
        "models/folio-demo/folio-demo.Q8_0.gguf", "models/SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf",
    ];

    [Theory(SkipTestWithoutData = true), MemberData(nameof(SafetensorsFolders))] // the data lie beside the repository
    public unsafe void Every_safetensors_model_opens_and_its_values_are_finite(string folder)
    {
        using SafetensorsFile file = SafetensorsFile.OpenFolder(TestData.Shared(folder));
        Assert.NotEmpty(file.Tensors);
        foreach (StoredTensor tensor in file.Tensors)
        {
            tensor.ExpectType(TensorType.F32, TensorType.BF16);
            Assert.Equal(tensor.Shape.Aggregate(1L, (product, n) => product * n) * tensor.Type.BlockBytes(), tensor.Bytes);
            if (tensor.Type != TensorType.F32) continue;
            foreach (float value in new ReadOnlySpan<float>(tensor.Data, (int)(tensor.Bytes / 4))) Assert.True(float.IsFinite(value));
        }
    }

    [Theory(SkipTestWithoutData = true), MemberData(nameof(ConfigFolders))] // the data lie beside the repository
    public void Every_config_names_its_architecture_and_shapes_that_its_weights_have(string folder)
    {
        string path = TestData.Shared(folder);
        ModelConfig config = ModelConfig.OpenFolder(path);
        Assert.EndsWith(config.ModelType == "bert" ? "Model" : config.ModelType == "gpt2" ? "LMHeadModel" : "ForCausalLM", config.Architecture);

        using SafetensorsFile file = SafetensorsFile.OpenFolder(path);
        string[] embeddings = ["model.embed_tokens.weight", "transformer.wte.weight", "wte.weight", "model.decoder.embed_tokens.weight", "gpt_neox.embed_in.weight", "transformer.word_embeddings.weight", "embeddings.word_embeddings.weight"];
        StoredTensor embedding = embeddings.Select(name => file.TryGet(name, out StoredTensor? tensor) ? tensor : null).First(tensor => tensor is not null)!;
        embedding.ExpectShape(config.File, config.VocabularySize, config.Int("word_embed_proj_dim") ?? config.HiddenSize);
        Assert.True(config.Layers is >= 2 and <= 7);
        Assert.Equal(0, config.Heads % config.KvHeads);
        Assert.True(config.ContextLength >= 64);
        Assert.InRange(config.NormEpsilon ?? 1e-5, 1e-12, 1e-5); // OPT leaves it to the default
        Assert.NotNull(config.Activation);
        Assert.Contains(config.DType, new[] { "float32", "bfloat16" });
        Assert.Contains(config.Rope.Type, new[] { "default", "linear", "dynamic", "llama3", "yarn", "longrope" });
        GenerationDefaults.OpenFolder(path);
        TokenizerConfig.OpenFolder(path);
    }

    [Theory, MemberData(nameof(GgufFiles))]
    public void Every_gguf_model_opens_and_its_metadata_describes_its_weights(string path)
    {
        using GgufFile file = GgufFile.Open(TestData.Shared(path));
        Assert.Equal(3, file.Version);
        foreach (string key in file.Metadata.Keys) Assert.NotNull(file.Metadata.GetValue(key));

        ModelConfig config = ModelConfig.FromGguf(file.Metadata);
        Assert.Equal("llama", config.Architecture);
        file.Get("token_embd.weight").ExpectShape(file.Name, config.VocabularySize, config.HiddenSize);
        file.Get("blk.0.attn_k.weight").ExpectShape(file.Name, config.KvHeads * (config.HeadDim ?? config.HiddenSize / config.Heads), config.HiddenSize);
        file.Get($"blk.{config.Layers - 1}.ffn_down.weight").ExpectShape(file.Name, config.HiddenSize, config.FeedForwardSize!.Value);
        Assert.False(file.TryGet($"blk.{config.Layers}.ffn_down.weight", out _));
        Assert.Equal(config.VocabularySize, file.Metadata.GetStrings("tokenizer.ggml.tokens").Length);
        Assert.Equal(1e-5, config.NormEpsilon!.Value, 1e-9);
    }

    [Fact]
    public void Block_bytes_equal_those_of_the_reference_blocks()
    {
        using SafetensorsFile file = SafetensorsFile.Open(TestData.Shared("golden", "quant-blocks.safetensors"));
        int compared = 0;
        foreach (TensorType type in Enum.GetValues<TensorType>())
        {
            if (!file.TryGet($"{type.Name()}.bytes", out StoredTensor? bytes)) continue;
            Assert.Equal((bytes.Shape[1], file.Get($"{type.Name()}.values").Shape[1]), (type.BlockBytes(), type.BlockSize()));
            compared++;
        }

        Assert.Equal(file.Tensors.Count, 2 * compared);
    }

    [Fact]
    public unsafe void A_gguf_tensor_holds_the_bytes_at_its_offset()
    {
        string path = TestData.Shared("golden", "gguf-q4_k_m", "model.gguf");
        using GgufFile file = GgufFile.Open(path);
        StoredTensor last = file.Tensors.MaxBy(tensor => (nint)tensor.Data)!;
        byte[] whole = File.ReadAllBytes(path);
        int end = whole.Length;
        while (!new ReadOnlySpan<byte>(last.Data, (int)last.Bytes).SequenceEqual(whole.AsSpan(end - (int)last.Bytes, (int)last.Bytes))) end--;
        Assert.InRange(whole.Length - end, 0, 31); // only padding follows
        Assert.Equal([256L, 64L], file.Get("blk.0.attn_k.weight").Shape.Reverse());
        Assert.Equal(64 * 144, file.Get("blk.0.attn_k.weight").Bytes);
    }

    [Fact]
    public unsafe void The_demo_model_opens_from_memory_too()
    {
        byte[] bytes = File.ReadAllBytes(TestData.DemoModel);
        fixed (byte* data = bytes)
        {
            using GgufFile memory = GgufFile.FromMemory(data, bytes.Length, "folio-demo.Q8_0.gguf"), mapped = GgufFile.Open(TestData.DemoModel);
            foreach ((StoredTensor a, StoredTensor b) in memory.Tensors.Zip(mapped.Tensors))
            {
                Assert.Equal(a.ToString(), b.ToString());
                Assert.True(new ReadOnlySpan<byte>(a.Data, (int)a.Bytes).SequenceEqual(new ReadOnlySpan<byte>(b.Data, (int)b.Bytes)));
            }
        }
    }

    private static TheoryData<string> Folders(string holding) =>
    [
        .. new[] { "golden", "golden-later", "models" }
            .SelectMany(parent => TestData.SharedNames(parent).Select(name => $"{parent}/{name}"))
            .Where(folder => TestData.SharedNames(folder, holding).Count > 0),
    ];
}
