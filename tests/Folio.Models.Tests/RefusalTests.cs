using System.Text.Json.Nodes;
using Folio.Compute.Cpu;

namespace Folio.Models.Tests;

/// <summary>What can't be loaded is refused with a sentence that names file, tensor or key, and what was expected.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("folio-models-").FullName;

    [Theory]
    [InlineData("gemma2", "Gemma2ForCausalLM")]
    [InlineData("phi3", "Phi3ForCausalLM")]
    public void An_unknown_architecture_is_named_with_the_known_ones(string model, string name) => Assert.Equal(
        $"config.json: the architecture '{name}' is not supported; these are: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, GPT2LMHeadModel, OPTForCausalLM, BertModel.",
        Refusal(TestData.Shared("golden", model)));

    [Theory]
    [InlineData("gguf-iq4_nl", "IQ4_NL")]
    [InlineData("gguf-iq4_xs", "IQ4_XS")]
    public void A_tensor_type_without_kernels_is_named(string model, string type) => Assert.Equal(
        $"model.gguf: tensor 'token_embd.weight' is stored as {type}, which can't be used as a weight; these can: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K.",
        Refusal(TestData.Shared("golden", model, "model.gguf")));

    [Fact]
    public void A_shape_that_config_json_contradicts_is_named_with_both() => Assert.Equal(
        "model.safetensors: tensor 'model.layers.0.mlp.gate_proj.weight' is [128, 64]; config.json asks for [120, 64].",
        Refusal(Given(config => config["intermediate_size"] = 120)));

    [Fact]
    public void A_missing_tensor_is_named() => Assert.Equal(
        "model.safetensors: tensor 'model.layers.2.input_layernorm.weight' is missing.", Refusal(Given(config => config["num_hidden_layers"] = 3)));

    [Fact]
    public void Heads_that_do_not_divide_are_refused() => Assert.Equal(
        "config.json: 4 query heads can't share 3 key-value heads; a divisor is expected.", Refusal(Given(config => config["num_key_value_heads"] = 3)));

    [Fact]
    public void An_unknown_activation_is_named_with_the_known_ones() => Assert.Equal(
        "config.json: the activation 'laplace' is not supported; these are: silu, swish, relu, gelu, gelu_new, gelu_fast, gelu_pytorch_tanh.",
        Refusal(Given(config => config["hidden_act"] = "laplace")));

    [Fact]
    public void An_unknown_rope_type_is_named_with_the_known_ones() => Assert.Equal(
        "config.json: the rope type 'spiral' is not supported; these are: default, linear, dynamic, llama3, yarn.",
        Refusal(Given(config => config["rope_scaling"] = new JsonObject { ["type"] = "spiral" })));

    [Fact]
    public void A_rope_scaling_without_its_factor_is_refused() => Assert.Equal(
        "config.json: 'factor' is missing; rope type 'linear' needs it.",
        Refusal(Given(config => config["rope_scaling"] = new JsonObject { ["type"] = "linear" })));

    [Fact]
    public void Weights_quantised_in_an_unknown_way_are_refused_by_its_name() => Assert.Equal(
        "config.json: the weights are quantised by 'hqq', which is not read; these are: awq, gptq, fp8, fbgemm_fp8, compressed-tensors. GGUF has weights that are quantised in other ways.",
        Refusal(Given(config => config["quantization_config"] = new JsonObject { ["quant_method"] = "hqq" })));

    [Fact]
    public void A_path_that_leads_nowhere_is_refused() =>
        Assert.EndsWith("nowhere: there is no such file or folder.", Refusal(Path.Combine(_folder, "nowhere")));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The golden llama with a changed config.json.</summary>
    private string Given(Action<JsonObject> change)
    {
        string golden = TestData.Shared("golden", "llama");
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(golden, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(Path.Combine(_folder, "config.json"), config.ToJsonString());
        File.Copy(Path.Combine(golden, "model.safetensors"), Path.Combine(_folder, "model.safetensors"));
        return _folder;
    }

    private static string Refusal(string path)
    {
        using CpuBackend backend = new(threads: 1);
        FolioException refusal = Assert.ThrowsAny<FolioException>(() =>
        {
            using ModelSource source = ModelSource.Open(path);
            TransformerDecoder.Load(source, backend);
        });
        return refusal.Message;
    }
}
