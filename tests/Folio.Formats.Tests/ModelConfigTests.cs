using System.Text;
using static Folio.Formats.Tests.Given;

namespace Folio.Formats.Tests;

public sealed class ModelConfigTests
{
    private static ModelConfig Config(string json) => ModelConfig.Parse(Encoding.UTF8.GetBytes(json));

    [Theory]
    [InlineData("""{"rope_theta":5000.0,"rope_scaling":{"type":"linear","factor":4.0}}""", """{"rope_parameters":{"rope_type":"linear","factor":4.0,"rope_theta":5000.0}}""")]
    [InlineData("""{"rope_theta":10000,"rope_scaling":null}""", """{"rope_parameters":{"rope_type":"default","rope_theta":10000.0}}""")]
    [InlineData(
        """{"rope_theta":500000,"rope_scaling":{"rope_type":"llama3","factor":8,"high_freq_factor":4,"low_freq_factor":1,"original_max_position_embeddings":8192}}""",
        """{"rope_parameters":{"rope_type":"llama3","factor":8.0,"high_freq_factor":4.0,"low_freq_factor":1.0,"original_max_position_embeddings":8192,"rope_theta":500000.0}}""")]
    [InlineData(
        """{"rope_theta":10000,"rope_scaling":{"type":"yarn","factor":4,"beta_fast":32,"beta_slow":1,"mscale":0.7,"mscale_all_dim":1,"attention_factor":1.1},"original_max_position_embeddings":64}""",
        """{"rope_parameters":{"rope_type":"yarn","factor":4,"beta_fast":32,"beta_slow":1,"mscale":0.7,"mscale_all_dim":1.0,"attention_factor":1.1,"original_max_position_embeddings":64,"rope_theta":10000}}""")]
    [InlineData("""{"rotary_emb_base":10000,"rotary_pct":0.25}""", """{"rope_parameters":{"rope_type":"default","rope_theta":10000,"partial_rotary_factor":0.25}}""")]
    [InlineData("""{"rope_theta":10000,"partial_rotary_factor":0.5}""", """{"rope_parameters":{"rope_type":"default","rope_theta":10000,"partial_rotary_factor":0.5}}""")]
    public void The_older_and_the_newer_key_style_of_rope_read_alike(string old, string today)
    {
        Assert.Equal(Config(today).Rope, Config(old).Rope);
        Assert.Equal(Config(today).Rope, Config(today).SlidingRope);
    }

    [Fact]
    public void Longrope_has_its_factors_under_its_old_name_too()
    {
        RopeConfig rope = Config("""{"original_max_position_embeddings":64,"rope_theta":10000,"rope_scaling":{"type":"su","long_factor":[1.2,9],"short_factor":[1,1.5]}}""").Rope;
        Assert.Equal(("longrope", 64), (rope.Type, rope.OriginalContextLength));
        Assert.Equal([1.2, 9], rope.LongFactors!);
        Assert.Equal([1, 1.5], rope.ShortFactors!);
    }

    [Theory]
    [InlineData("""{"rope_theta":1000000.0,"rope_local_base_freq":10000.0,"rope_scaling":{"rope_type":"linear","factor":4.0}}""")]
    [InlineData("""{"rope_parameters":{"full_attention":{"rope_type":"linear","factor":4.0,"rope_theta":1000000.0},"sliding_attention":{"rope_type":"default","rope_theta":10000.0}}}""")]
    public void Layers_with_a_window_may_have_a_rope_of_their_own(string json)
    {
        ModelConfig config = Config(json);
        Assert.Equal(new RopeConfig { Type = "linear", Factor = 4, Theta = 1e6 }, config.Rope);
        Assert.Equal(new RopeConfig { Theta = 1e4 }, config.SlidingRope);
    }

    [Fact]
    public void Gpt2_writes_the_same_things_under_its_own_names()
    {
        ModelConfig config = ModelConfig.OpenFolder(TestData.Shared("golden", "gpt2"));
        Assert.Equal(("GPT2LMHeadModel", "gpt2", 64, 4, 4, 2, 256), (config.Architecture, config.ModelType, config.HiddenSize, config.Heads, config.KvHeads, config.Layers, config.ContextLength));
        Assert.Equal((null, null, 1e-5, "gelu_new", true, 400), (config.FeedForwardSize, config.HeadDim, config.NormEpsilon, config.Activation, config.TieWordEmbeddings, config.VocabularySize));
        Assert.True(config.Flag("scale_attn_weights"));
    }

    [Fact]
    public void Opt_s_own_keys_are_read_by_their_names()
    {
        ModelConfig config = ModelConfig.OpenFolder(TestData.Shared("golden", "opt-350m-style"));
        Assert.Equal((96, 40, false, false), (config.FeedForwardSize, config.Int("word_embed_proj_dim"), config.Flag("do_layer_norm_before"), config.Flag("_remove_final_layer_norm")));
        Assert.Null(config.Flag("no_such_key"));
        Assert.Null(config.NormEpsilon);
    }

    [Fact]
    public void Windows_and_layer_types_are_read()
    {
        ModelConfig old = ModelConfig.OpenFolder(TestData.Shared("golden", "qwen2-swa")), today = ModelConfig.OpenFolder(TestData.Shared("golden", "qwen3"));
        Assert.Equal((32, true, 2), (old.SlidingWindow, old.UseSlidingWindow, old.MaxWindowLayers));
        Assert.Equal((null, false, "full_attention,full_attention"), (today.SlidingWindow, today.UseSlidingWindow, string.Join(',', today.LayerTypes!)));
        Assert.Equal(20, today.HeadDim);
        Assert.Null(Config("""{"sliding_window":0}""").SlidingWindow);
        Assert.Equal("config.json: 'layer_types' has 1 entries; 2 layers are expected to have one each.", Refusal(() => _ = Config("""{"num_hidden_layers":2,"layer_types":["full_attention"]}""").LayerTypes));
    }

    [Theory]
    [InlineData("""{"eos_token_id":2}""", new[] { 2 })]
    [InlineData("""{"eos_token_id":[128001,128009]}""", new[] { 128001, 128009 })]
    [InlineData("""{"eos_token_id":null}""", new int[0])]
    [InlineData("{}", new int[0])]
    public void End_tokens_are_one_or_several(string json, int[] expected)
    {
        Assert.Equal(expected, Config(json).EosTokenIds);
        Assert.Equal(expected, GenerationDefaults.Parse(Encoding.UTF8.GetBytes(json)).EosTokenIds);
    }

    [Theory]
    [InlineData("{}", "'hidden_size' is missing.")]
    [InlineData("""{"hidden_size":null}""", "'hidden_size' is missing.")]
    [InlineData("""{"hidden_size":0}""", "'hidden_size' is 0; a number from 1 to 4194304 is expected.")]
    [InlineData("""{"n_embd":-64}""", "'n_embd' is -64; a number from 1 to 4194304 is expected.")]
    [InlineData("""{"hidden_size":2147483647}""", "'hidden_size' is 2147483647; a number from 1 to 4194304 is expected.")]
    [InlineData("""{"hidden_size":1e300}""", "'hidden_size' is 1E+300; a whole number of 32 bits is expected.")]
    [InlineData("""{"hidden_size":64.5}""", "'hidden_size' is 64.5; a whole number of 32 bits is expected.")]
    [InlineData("""{"hidden_size":"64"}""", "'hidden_size' is \"64\"; a whole number of 32 bits is expected.")]
    [InlineData("""{"hidden_size":[64]}""", "'hidden_size' is a list of 1; a whole number of 32 bits is expected.")]
    public void An_absurd_size_is_refused(string json, string reason) => Assert.Equal($"config.json: {reason}", Refusal(() => _ = Config(json).HiddenSize));

    [Theory]
    [InlineData("""{"rope_scaling":3}""", "'rope_scaling' is 3; an object is expected.")]
    [InlineData("""{"rope_scaling":{"factor":"8"}}""", "'rope_scaling.factor' is \"8\"; a number is expected.")]
    [InlineData("""{"rope_scaling":{"factor":1e999}}""", "'rope_scaling.factor' is Infinity; a number is expected.")]
    [InlineData("""{"rope_scaling":{"short_factor":[1,"x"]}}""", "'rope_scaling.short_factor' is a list of 2; a list of numbers is expected.")]
    public void A_wrong_rope_is_refused_by_its_key(string json, string reason) => Assert.Equal($"config.json: {reason}", Refusal(() => _ = Config(json).Rope));

    [Theory]
    [InlineData("", "this is not valid JSON")]
    [InlineData("[]", "a JSON object is expected")]
    [InlineData("""{"a":1}x""", "this is not valid JSON (line 1, byte 8)")]
    [InlineData("""{"a":"\udc00"}""", "a text near byte 13 is not valid Unicode")]
    public void Broken_json_is_refused(string json, string reason) => Assert.StartsWith($"config.json: {reason}", Refusal(() => Config(json)));

    [Fact]
    public void Json_nested_a_million_deep_or_with_millions_of_values_is_refused()
    {
        Assert.Contains("nested deeper than 64", Refusal(() => Config("{\"a\":" + new string('[', 1_000_000))));
        Assert.Contains("more than 1,000,000 values", Refusal(() => Config("{\"a\":[" + string.Join(',', Enumerable.Repeat("0", 1_100_000)) + "]}")));
    }

    [Fact]
    public void An_unknown_architecture_is_still_named()
    {
        Assert.Equal("MambaForCausalLM", Config("""{"architectures":["MambaForCausalLM"]}""").Architecture);
        Assert.Equal("t5", Config("""{"model_type":"t5"}""").Architecture);
        Assert.Contains("'architectures' and 'model_type' are missing", Refusal(() => _ = Config("{}").Architecture));
    }

    [Fact]
    public void Gguf_metadata_reads_as_a_config()
    {
        GgufWriter writer = new GgufWriter().Pair("general.architecture", "qwen2").Pair("qwen2.block_count", 3u).Pair("qwen2.embedding_length", 64u).Pair("qwen2.context_length", 256u)
            .Pair("qwen2.feed_forward_length", 128u).Pair("qwen2.attention.head_count", 4u).Ints("qwen2.attention.head_count_kv", 2, 2, 2).Pair("qwen2.attention.key_length", 20u)
            .Pair("qwen2.attention.layer_norm_rms_epsilon", 1e-6f).Pair("qwen2.attention.sliding_window", 32u).Pair("qwen2.rope.freq_base", 1e6f).Pair("qwen2.rope.dimension_count", 16u)
            .Pair("qwen2.rope.scaling.type", "yarn").Pair("qwen2.rope.scaling.factor", 4f).Pair("qwen2.rope.scaling.original_context_length", 64u).Pair("qwen2.expert_count", 8u)
            .Pair("tokenizer.ggml.eos_token_id", 1u).Texts("tokenizer.ggml.tokens", "a", "b", "c");
        OpenGguf(writer.ToBytes(), file =>
        {
            ModelConfig config = ModelConfig.FromGguf(file.Metadata);
            Assert.Equal(("qwen2", 3, 64, 256, 128, 4, 2, 20, 3), (config.Architecture, config.Layers, config.HiddenSize, config.ContextLength, config.FeedForwardSize, config.Heads, config.KvHeads, config.HeadDim, config.VocabularySize));
            Assert.Equal((1e-6f, 32, 8, 1), ((float)config.NormEpsilon!, config.SlidingWindow, config.Int("expert_count"), config.EosTokenIds.Single()));
            Assert.Equal(new RopeConfig { Type = "yarn", Factor = 4, OriginalContextLength = 64, Theta = 1e6, RotaryDim = 16 }, config.Rope);
        });
    }

    [Fact]
    public void A_wrong_value_in_gguf_metadata_is_refused_under_its_name_there() =>
        OpenGguf(new GgufWriter().Pair("general.architecture", "llama").Pair("llama.block_count", 0u).Ints("llama.attention.head_count", 4, 2).ToBytes(), file =>
        {
            ModelConfig config = ModelConfig.FromGguf(file.Metadata);
            Assert.Equal("model.gguf: 'llama.block_count' is 0; a number from 1 to 4096 is expected.", Refusal(() => _ = config.Layers));
            Assert.Equal("model.gguf: 'llama.attention.head_count' is a list of 2; a whole number of 32 bits is expected.", Refusal(() => _ = config.Heads));
            Assert.Equal("model.gguf: 'llama.embedding_length' is missing.", Refusal(() => _ = config.HiddenSize));
        });

    [Theory]
    [InlineData("llama.rope.scaling.factor")]
    [InlineData("llama.rope.scale_linear")]
    public void A_gguf_rope_factor_without_a_type_is_linear(string key) =>
        OpenGguf(new GgufWriter().Pair("general.architecture", "llama").Pair(key, 4f).ToBytes(), file =>
        {
            RopeConfig rope = ModelConfig.FromGguf(file.Metadata).Rope;
            Assert.Equal(("linear", 4.0), (rope.Type, rope.Factor));
        });
}
